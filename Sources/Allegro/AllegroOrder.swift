import Events
import JSON
import Marketplaces
import Time

/// Reads an order of Allegro: a checkout form as the service gives it, or an order of the documented dialect.
enum AllegroOrder {
  /// Why an order can't be read, in one plain sentence.
  struct Problem: Error, Equatable, CustomStringConvertible {
    var description: String
  }

  static func read(_ json: JSON, shipments: JSON, filter: OrderFilter) throws(Problem) -> Order {
    guard let id = json["id"].text, !id.isEmpty else { throw Problem(description: "the order has no id") }
    let lines = try lines(of: json)
    let status = status(of: json)
    let financial = financialStatus(of: json)
    let total = json["summary"]["totalToPay"]
    return Order(
      externalId: id, number: json["number"].text, status: status, financialStatus: financial,
      fulfillmentStatus: json["fulfillment"]["status"].text?.lowercased(),
      eligible: filter.isEligible(financialStatus: financial),
      placedAt: json["lineItems"].array.compactMap { $0["boughtAt"].timestamp }.min()
        ?? json["createdAt"].timestamp,
      updatedAt: json["updatedAt"].timestamp, cancelledAt: json["cancelledAt"].timestamp,
      currency: total["currency"].text ?? json["lineItems"][0]["price"]["currency"].text,
      total: Money(total["amount"]), tax: nil, shipping: Money(json["delivery"]["cost"]["amount"]),
      buyer: buyer(of: json["buyer"]), shippingAddress: json["delivery"]["address"],
      tracking: tracking(of: shipments), lines: lines)
  }

  /// Whether there may be a parcel to be followed.
  static func isSent(_ json: JSON) -> Bool {
    ["SENT", "PICKED_UP"].contains(json["fulfillment"]["status"].text)
  }

  /// The hint of an event, which the live service does not spell out for a fulfillment.
  static func change(_ hint: String?, of order: Order) -> String? {
    guard hint == "fulfillment" else { return hint }
    return switch order.status {
    case .shipped: "sent"
    case .fulfilled: "fulfilled"
    case .cancelled: "cancelled"
    case .refunded: "refunded"
    default: "updated"
    }
  }

  static func status(of json: JSON) -> OrderStatus {
    if isCancelled(json) { return .cancelled }
    switch json["fulfillment"]["status"].text {
    case "SENT": return .shipped
    case "PICKED_UP": return .fulfilled
    case "RETURNED": return .refunded
    case "PROCESSING", "READY_FOR_SHIPMENT", "READY_FOR_PICKUP", "SUSPENDED": return .processing
    default: break
    }
    return switch json["status"].text {
    case "PAID", "READY_FOR_PROCESSING": .paid
    case "SENT": .shipped
    case "FULFILLED": .fulfilled
    case "REFUNDED": .refunded
    default: .new
    }
  }

  private static func isCancelled(_ json: JSON) -> Bool {
    ["CANCELLED", "BUYER_CANCELLED", "AUTO_CANCELLED"].contains(json["status"].text)
      || json["fulfillment"]["status"].text == "CANCELLED"
  }

  /// The documented dialect says it; of a checkout form it is paid when the payment has ended, or when Allegro lets
  /// the seller go on, as with cash on delivery.
  static func financialStatus(of json: JSON) -> String {
    if let said = json["payment"]["status"].text { return said.lowercased() }
    let isPaid =
      !json["payment"]["finishedAt"].isNull || ["READY_FOR_PROCESSING", "PAID"].contains(json["status"].text)
    return isPaid ? "paid" : "pending"
  }

  /// Nil when the order says nothing of its lines.
  private static func lines(of json: JSON) throws(Problem) -> [OrderLine]? {
    guard case .array(let items) = json["lineItems"] else { return nil }
    var lines: [OrderLine] = []
    for (index, item) in items.enumerated() {
      guard let id = item["id"].text, !id.isEmpty else {
        throw Problem(description: "line \(index + 1) has no id")
      }
      lines.append(
        OrderLine(
          externalId: id, listingId: item["offer"]["id"].text, sku: item["offer"]["external"]["id"].text,
          title: item["offer"]["name"].text, quantity: try quantity(of: item, line: index + 1), restocked: 0,
          unitPrice: Money(item["price"]["amount"])))
    }
    return lines
  }

  /// An absent quantity is 1; zero and less are kept, for the consumers to skip.
  private static func quantity(of item: JSON, line: Int) throws(Problem) -> Int {
    let quantity = item["quantity"]
    if quantity.isNull { return 1 }
    guard let whole = quantity.integer, let value = Int(exactly: whole) else {
      throw Problem(description: "line \(line): quantity \(quantity.text ?? "") is not a whole number")
    }
    return value
  }

  private static func buyer(of json: JSON) -> Buyer? {
    guard case .object = json else { return nil }
    let names = [json["firstName"].text, json["lastName"].text].compactMap { $0 }.filter { !$0.isEmpty }
    return Buyer(
      externalId: json["id"].text, name: names.isEmpty ? json["login"].text : names.joined(separator: " "),
      email: json["email"].text)
  }

  private static func tracking(of shipments: JSON) -> [Tracking] {
    shipments.array.compactMap { shipment in
      guard let number = shipment["waybill"].text, !number.isEmpty else { return nil }
      return Tracking(
        carrier: shipment["carrierName"].text ?? shipment["carrierId"].text, number: number,
        url: shipment["trackingUrl"].text)
    }
  }
}
