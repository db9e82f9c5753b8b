import JSON
import Time

extension Order {
  /// Nil for null.
  static func read(from reader: inout EventReader) throws(EventError) -> Order? {
    guard try reader.object("data.order") else { return nil }
    var (externalId, number, currency): (String?, String?, String?)
    var (financialStatus, fulfillmentStatus): (String?, String?)
    var (status, eligible) = (OrderStatus.new, true)
    var (placedAt, updatedAt, cancelledAt): (Timestamp?, Timestamp?, Timestamp?)
    var (total, tax, shipping): (Money?, Money?, Money?)
    var (buyer, shippingAddress): (Buyer?, JSON) = (nil, .null)
    var (tracking, lines): ([Tracking], [OrderLine]?) = ([], nil)
    while let key = try reader.key() {
      switch key {
      case "externalId": externalId = try reader.identifier("order.externalId")
      case "number": number = try reader.text("order.number")
      case "status": status = try Self.status(from: &reader)
      case "financialStatus": financialStatus = try reader.text("order.financialStatus")
      case "fulfillmentStatus": fulfillmentStatus = try reader.text("order.fulfillmentStatus")
      case "eligible": eligible = try reader.bool("order.eligible") ?? true
      case "placedAt": placedAt = try reader.timestamp("order.placedAt")
      case "updatedAt": updatedAt = try reader.timestamp("order.updatedAt")
      case "cancelledAt": cancelledAt = try reader.timestamp("order.cancelledAt")
      case "currency": currency = try reader.text("order.currency")
      case "total": total = try reader.money("order.total")
      case "tax": tax = try reader.money("order.tax")
      case "shipping": shipping = try reader.money("order.shipping")
      case "buyer": buyer = try Buyer(from: &reader)
      case "shippingAddress": shippingAddress = try reader.tree("order.shippingAddress")
      case "tracking": tracking = try Self.tracking(from: &reader)
      case "lines": lines = try Self.lines(from: &reader)
      default: try reader.skip()
      }
    }
    guard let externalId else { throw EventError("order.externalId is missing or empty") }
    return Order(
      externalId: externalId, number: number, status: status, financialStatus: financialStatus,
      fulfillmentStatus: fulfillmentStatus, eligible: eligible, placedAt: placedAt, updatedAt: updatedAt,
      cancelledAt: cancelledAt, currency: currency, total: total, tax: tax, shipping: shipping, buyer: buyer,
      shippingAddress: shippingAddress, tracking: tracking, lines: lines)
  }

  private static func status(from reader: inout EventReader) throws(EventError) -> OrderStatus {
    guard let name = try reader.slice("order.status") else { return .new }
    switch name {
    case "new": return .new
    case "paid": return .paid
    case "processing": return .processing
    case "shipped": return .shipped
    case "fulfilled": return .fulfilled
    case "cancelled": return .cancelled
    case "refunded": return .refunded
    default:
      throw EventError("unknown order status '\(name.string.prefix(40))'", mistake: "unknown order status")
    }
  }

  private static func tracking(from reader: inout EventReader) throws(EventError) -> [Tracking] {
    guard try reader.array("order.tracking") else { return [] }
    var tracking: [Tracking] = []
    while try reader.element() {
      if let parcel = try Tracking(from: &reader) { tracking.append(parcel) }
    }
    return tracking
  }

  private static func lines(from reader: inout EventReader) throws(EventError) -> [OrderLine]? {
    guard try reader.array("order.lines") else { return nil }
    var lines: [OrderLine] = []
    lines.reserveCapacity(2)
    var number = 0
    while try reader.element() {
      number += 1
      do {
        lines.append(try OrderLine.read(from: &reader))
      } catch {
        throw EventError(in: "line \(number)", error)
      }
    }
    return lines
  }
}

extension OrderLine {
  static func read(from reader: inout EventReader) throws(EventError) -> OrderLine {
    guard try reader.object("the line") else { throw EventError("null is not an object") }
    var (externalId, listingId, sku, title): (String?, String?, String?, String?)
    var (quantity, restocked) = (1, 0)
    var unitPrice: Money?
    while let key = try reader.key() {
      switch key {
      case "externalId": externalId = try reader.identifier("externalId")
      case "listingId": listingId = try reader.identifier("listingId")
      case "sku": sku = try reader.identifier("sku")
      case "title": title = try reader.text("title")
      case "quantity": quantity = try reader.quantity("quantity") ?? 1
      case "restocked": restocked = try reader.quantity("restocked") ?? 0
      case "unitPrice": unitPrice = try reader.money("unitPrice")
      default: try reader.skip()
      }
    }
    guard let externalId else { throw EventError("externalId is missing or empty") }
    return OrderLine(
      externalId: externalId, listingId: listingId, sku: sku, title: title, quantity: quantity,
      restocked: restocked, unitPrice: unitPrice)
  }
}

extension Buyer {
  /// Nil for null, and for one of whom nothing is said.
  init?(from reader: inout EventReader) throws(EventError) {
    guard try reader.object("order.buyer") else { return nil }
    self.init()
    while let key = try reader.key() {
      switch key {
      case "externalId": externalId = try reader.text("buyer.externalId")
      case "name": name = try reader.text("buyer.name")
      case "email": email = try reader.text("buyer.email")
      default: try reader.skip()
      }
    }
    if self == Buyer() { return nil }
  }
}

extension Tracking {
  /// Nil for null.
  init?(from reader: inout EventReader) throws(EventError) {
    guard try reader.object("tracking") else { return nil }
    self.init()
    while let key = try reader.key() {
      switch key {
      case "carrier": carrier = try reader.text("tracking.carrier")
      case "number": number = try reader.text("tracking.number")
      case "url": url = try reader.text("tracking.url")
      default: try reader.skip()
      }
    }
  }
}
