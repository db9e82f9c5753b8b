import Events
import JSON
import Marketplaces
import Time

/// Reads an order of Refurbed. An item is one piece; the order's state follows from those of its items.
enum RefurbedOrder {
  enum ItemState: String {
    case new = "NEW"
    case accepted = "ACCEPTED"
    case shipped = "SHIPPED"
    case returned = "RETURNED"
    case rejected = "REJECTED"
    case cancelled = "CANCELLED"

    var isOff: Bool { self == .rejected || self == .cancelled }

    /// How far an item has come; it never goes back.
    var progress: Int64 {
      switch self {
      case .new: 0
      case .accepted: 1
      case .shipped: 2
      case .returned, .rejected, .cancelled: 3
      }
    }
  }

  static func read(_ json: JSON, filter: OrderFilter) throws(OrderProblem) -> Order {
    guard let id = json["id"].text, !id.isEmpty else { throw OrderProblem("the order has no id") }
    let states = states(of: json)
    let isCancelled = isCancelled(json, states)
    let financial = financialStatus(states, isCancelled: isCancelled)
    return Order(
      externalId: id, number: id, status: isCancelled ? .cancelled : status(of: json, states),
      financialStatus: financial, fulfillmentStatus: json["state"].text?.lowercased(),
      eligible: filter.isEligible(financialStatus: financial), placedAt: json["released_at"].timestamp,
      currency: json["currency_code"].text, total: total(of: json, states, isCancelled: isCancelled),
      tax: Money(json["total_vat_charged"]), shipping: shipping(of: json), buyer: buyer(of: json),
      shippingAddress: json["shipping_address"], tracking: tracking(of: json),
      lines: try lines(of: json, states, keepsAll: isCancelled))
  }

  /// A number that grows with every step of the items. An order does not say when it changed, and the clock of an
  /// answer has whole seconds: of two readings within one second the one that has come further is the later (Rule 4).
  static func progress(of json: JSON) -> Int64 {
    states(of: json).reduce(0) { $0 + $1.progress }
  }

  private static func states(of json: JSON) -> [ItemState] {
    let whole = json["state"].text.flatMap(ItemState.init) ?? .new
    return json["items"].array.map { $0["state"].text.flatMap(ItemState.init) ?? whole }
  }

  private static func isCancelled(_ json: JSON, _ states: [ItemState]) -> Bool {
    states.isEmpty
      ? ["CANCELLED", "REJECTED", "UNFULFILLED"].contains(json["state"].text) : states.allSatisfy(\.isOff)
  }

  private static func status(of json: JSON, _ states: [ItemState]) -> OrderStatus {
    let standing = states.filter { !$0.isOff }
    let state = json["state"].text
    if standing.isEmpty {
      return switch state {
      case "RETURNED": .refunded
      case "SHIPPED", "FULFILLED", "PARTIALLY_FULFILLED": .shipped
      case "ACCEPTED": .processing
      default: .paid
      }
    }
    if standing.allSatisfy({ $0 == .returned }) { return .refunded }
    if standing.allSatisfy({ $0 == .shipped || $0 == .returned }) { return .shipped }
    // An order is released to the seller when it has been paid.
    return standing.contains(.new) ? .paid : .processing
  }

  /// An order is released when it has been paid. An item that was off before it was sent leaves the others paid.
  private static func financialStatus(_ states: [ItemState], isCancelled: Bool) -> String {
    let standing = states.filter { !$0.isOff }
    if isCancelled || (!standing.isEmpty && standing.allSatisfy { $0 == .returned }) { return "refunded" }
    return standing.contains(.returned) ? "partially_refunded" : "paid"
  }

  /// What the items that are not off come to; of an order that is off as a whole, what it came to.
  private static func total(of json: JSON, _ states: [ItemState], isCancelled: Bool) -> Money? {
    let items = zip(json["items"].array, states).filter { isCancelled || !$0.1.isOff }
    let amounts = items.compactMap { Money($0.0["total_charged"]) }
    guard !items.isEmpty, amounts.count == items.count else { return Money(json["total_charged"]) }
    return amounts.dropFirst().reduce(amounts[0], +)
  }

  private static func shipping(of json: JSON) -> Money? {
    let costs = json["items"].array.compactMap { Money($0["offer_data"]["shipping_costs"]) }
    return costs.first.map { costs.dropFirst().reduce($0, +) }
  }

  /// Nil when the order says nothing of its items. One that is off is no part of the order any more, unless all are.
  private static func lines(
    of json: JSON, _ states: [ItemState], keepsAll: Bool
  ) throws(OrderProblem) -> [OrderLine]? {
    guard case .array(let items) = json["items"] else { return nil }
    var lines: [OrderLine] = []
    for (item, state) in zip(items, states) where keepsAll || !state.isOff {
      guard let id = item["id"].text, !id.isEmpty else { throw OrderProblem("an item has no id") }
      let sku = item["sku"].text.flatMap { $0.isEmpty ? nil : $0 }
      lines.append(
        OrderLine(
          externalId: id, listingId: item["offer_data"]["offer_id"].text, sku: sku, title: item["name"].text,
          quantity: try OrderLine.quantity(item["quantity"], of: id), unitPrice: Money(item["total_charged"]))
      )
    }
    return lines
  }

  private static func buyer(of json: JSON) -> Buyer? {
    let address = json["shipping_address"]
    let names = [address["first_name"].text, address["family_name"].text].compactMap { $0 }
      .filter { !$0.isEmpty }
    let email = json["customer_email"].text
    guard !names.isEmpty || email != nil else { return nil }
    return Buyer(name: names.isEmpty ? nil : names.joined(separator: " "), email: email)
  }

  /// Each parcel once; Refurbed knows its link only.
  private static func tracking(of json: JSON) -> [Tracking] {
    var seen: Set<String> = []
    return json["items"].array.compactMap { item in
      guard let url = item["parcel_tracking_url"].text, !url.isEmpty, seen.insert(url).inserted else {
        return nil
      }
      return Tracking(url: url)
    }
  }
}
