import Events

/// An entry of an order: a line that counts, or the cost of its dispatch.
struct OrderEntry: Equatable {
  enum Kind: String {
    case item
    case shipping
  }

  /// The external id of the shipping entry; a line that is named like it can't be kept.
  static let shippingId = ":shipping"

  var externalId: String
  var kind: Kind
  var listingId: String?
  var sku: String?
  var title: String?
  var quantity: Int
  var unitPrice: Money?
  var fullPrice: Money?

  init(shipping: Money) {
    externalId = Self.shippingId
    kind = .shipping
    title = "Shipping"
    quantity = 1
    unitPrice = shipping
    fullPrice = shipping
  }

  init(_ line: OrderLine) {
    externalId = line.externalId
    kind = .item
    listingId = line.listingId
    sku = line.sku
    title = line.title
    quantity = line.quantity
    unitPrice = line.unitPrice
    fullPrice = line.fullPrice
  }
}

extension Order {
  /// The entries of its lines; of lines with one id the last one counts. `skipped` hears of the others that don't.
  func items(skipped: (OrderLine) -> Void) -> [OrderEntry] {
    var entries: [OrderEntry] = []
    var positions: [String: Int] = [:]
    for line in lines ?? [] {
      guard line.quantity > 0 && line.externalId != OrderEntry.shippingId else {
        skipped(line)
        continue
      }
      if let position = positions[line.externalId] {
        entries[position] = OrderEntry(line)
      } else {
        positions[line.externalId] = entries.count
        entries.append(OrderEntry(line))
      }
    }
    return entries
  }

  /// The entry of its shipping cost; nil when there is none to pay.
  var shippingEntry: OrderEntry? {
    shipping.flatMap { $0.isZero || $0.isNegative ? nil : OrderEntry(shipping: $0) }
  }
}
