import Events
import JSON
import Marketplaces
import Time

/// Reads an order of Back Market. There is no cancelled order: each line has a state of its own, and the order is
/// cancelled when all its lines are.
enum BackMarketOrder {
  /// The states of a line, in the order in which a line goes through them.
  enum LineState: Int64 {
    case new = 0
    case paid = 1
    case accepted = 2
    case shipped = 3
    case cancelled = 4
    case refundedBeforeShipping = 5
    case refundedAfterShipping = 6
    case unpaid = 7
    case pending = 8
    case onHold = 9

    /// Whether nothing is sold any more. What was refunded after shipping is sold: a refund is no restock.
    var isOff: Bool {
      switch self {
      case .cancelled, .refundedBeforeShipping, .unpaid: true
      case .new, .paid, .accepted, .shipped, .refundedAfterShipping, .pending, .onHold: false
      }
    }

    /// How far a line has come.
    var progress: Int64 {
      switch self {
      case .new, .pending, .onHold: 0
      case .paid: 1
      case .accepted: 2
      case .shipped: 3
      case .cancelled, .refundedBeforeShipping, .refundedAfterShipping, .unpaid: 4
      }
    }
  }

  static func read(_ json: JSON, filter: OrderFilter) throws(OrderProblem) -> Order {
    guard let id = json["order_id"].text, !id.isEmpty else { throw OrderProblem("the order has no order_id") }
    let states = json["orderlines"].array.map { LineState(rawValue: $0["state"].integer ?? 0) ?? .new }
    let status = status(of: json, states)
    let financial = financialStatus(of: json, states)
    let (price, shipping) = (Money(json["price"]), Money(json["shipping_price"]))
    return Order(
      externalId: id, number: id, status: status, financialStatus: financial,
      fulfillmentStatus: json["state"].text, eligible: filter.isEligible(financialStatus: financial),
      placedAt: json["date_creation"].timestamp, updatedAt: updatedAt(of: json, states),
      currency: json["currency"].text, total: price.map { $0 + (shipping ?? .zero) },
      tax: Money(json["sales_taxes"]), shipping: shipping, buyer: buyer(of: json),
      shippingAddress: json["shipping_address"], tracking: tracking(of: json),
      lines: try lines(of: json, states, keepsAll: status == .cancelled))
  }

  private static func status(of json: JSON, _ states: [LineState]) -> OrderStatus {
    let state = json["state"].integer
    let standing = states.filter { !$0.isOff }
    if state == 8 || (!states.isEmpty && standing.isEmpty) { return .cancelled }
    if !standing.isEmpty, standing.allSatisfy({ $0 == .refundedAfterShipping }) { return .refunded }
    if state == 9 { return .shipped }
    if !standing.isEmpty, standing.allSatisfy({ $0 == .shipped || $0 == .refundedAfterShipping }) {
      return .shipped
    }
    if state == 3 || standing.contains(.accepted) { return .processing }
    return state == 1 || standing.contains(.paid) ? .paid : .new
  }

  private static func financialStatus(of json: JSON, _ states: [LineState]) -> String {
    let isPaid = !json["date_payment"].isNull || [1, 3, 9].contains(json["state"].integer)
    guard isPaid, json["state"].integer != 8 else {
      return json["state"].integer == 8 || states.contains(.unpaid) ? "voided" : "pending"
    }
    // A line that was off before it was sent leaves the rest of the order paid.
    let standing = states.filter { !$0.isOff }
    if !states.isEmpty, standing.allSatisfy({ $0 == .refundedAfterShipping }) { return "refunded" }
    return standing.contains(.refundedAfterShipping) ? "partially_refunded" : "paid"
  }

  /// `date_modification` has whole seconds. Lines only go forward, so of two states of the same second the one that
  /// has come further is the later (Rule 4).
  private static func updatedAt(of json: JSON, _ states: [LineState]) -> Timestamp? {
    json["date_modification"].timestamp.map { $0 + .microseconds(states.reduce(0) { $0 + $1.progress }) }
  }

  /// Nil when the order says nothing of its lines. A line that is off is no part of the order any more, unless all are.
  private static func lines(
    of json: JSON, _ states: [LineState], keepsAll: Bool
  ) throws(OrderProblem) -> [OrderLine]? {
    guard case .array(let items) = json["orderlines"] else { return nil }
    var lines: [OrderLine] = []
    for (item, state) in zip(items, states) where keepsAll || !state.isOff {
      guard let id = item["id"].text, !id.isEmpty else { throw OrderProblem("an orderline has no id") }
      lines.append(
        OrderLine(
          externalId: id, listingId: item["listing_id"].text, sku: item["listing"].text,
          title: item["product"].text, quantity: try OrderLine.quantity(item["quantity"], of: id),
          unitPrice: Money(item["price"])))
    }
    return lines
  }

  private static func buyer(of json: JSON) -> Buyer? {
    let address = json["shipping_address"].isNull ? json["billing_address"] : json["shipping_address"]
    let names = [address["firstName"].text, address["lastName"].text].compactMap { $0 }.filter { !$0.isEmpty }
    let email = json["customer_email"].text ?? address["email"].text
    guard !names.isEmpty || email != nil else { return nil }
    return Buyer(name: names.isEmpty ? nil : names.joined(separator: " "), email: email)
  }

  private static func tracking(of json: JSON) -> [Tracking] {
    guard let number = json["tracking_number"].text, !number.isEmpty else { return [] }
    return [
      Tracking(carrier: json["shipper_display"].text, number: number, url: json["tracking_url"].text)
    ]
  }
}
