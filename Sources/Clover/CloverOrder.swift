import Events
import JSON
import Marketplaces
import Time

/// Reads an order of Clover. A line is one piece, or a measured quantity in thousandths; money is in the currency's
/// smallest unit, times are milliseconds since 1970.
enum CloverOrder {
  static func read(_ json: JSON, filter: OrderFilter) throws(OrderProblem) -> Order {
    guard let id = json["id"].text, !id.isEmpty else { throw OrderProblem("the order has no id") }
    let currency = json["currency"].text
    let financial = financialStatus(of: json)
    let deletedAt = time(json["deletedTimestamp"])
    return Order(
      externalId: id, number: json["title"].text.flatMap { $0.isEmpty ? nil : $0 } ?? id,
      status: deletedAt != nil ? .cancelled : status(financial), financialStatus: financial,
      fulfillmentStatus: json["state"].text,
      eligible: filter.isEligible(financialStatus: financial, isTest: json["testMode"] == true),
      placedAt: time(json["clientCreatedTime"]) ?? time(json["createdTime"]),
      updatedAt: time(json["modifiedTime"]), cancelledAt: deletedAt, currency: currency,
      total: CurrencyUnits.money(json["total"], in: currency),
      buyer: buyer(of: json["customers"]["elements"][0]),
      lines: try lines(of: json, currency: currency))
  }

  /// Milliseconds since 1970; nil for anything else.
  static func time(_ json: JSON) -> Timestamp? {
    guard let milliseconds = json.integer, (0..<253_402_300_800_000).contains(milliseconds) else {
      return nil
    }
    return Timestamp(millisecondsSince1970: milliseconds)
  }

  private static func status(_ financial: String) -> OrderStatus {
    switch financial {
    case "paid", "partially_refunded": .paid
    case "refunded": .refunded
    default: .new
    }
  }

  private static func financialStatus(of json: JSON) -> String {
    switch json["paymentState"].text {
    case "PAID": "paid"
    case "PARTIALLY_PAID": "partially_paid"
    case "PARTIALLY_REFUNDED", "MANUALLY_PARTIALLY_REFUNDED": "partially_refunded"
    case "REFUNDED", "MANUALLY_REFUNDED", "CREDITED": "refunded"
    case "OPEN": "pending"
    default: json["state"].text == "paid" ? "paid" : "pending"
    }
  }

  /// Nil when the order says nothing of its lines. An exchanged line gave way to another.
  private static func lines(of json: JSON, currency: String?) throws(OrderProblem) -> [OrderLine]? {
    guard case .array(let items) = json["lineItems"]["elements"] else { return nil }
    var lines: [OrderLine] = []
    for item in items where item["exchanged"] != true {
      guard let id = item["id"].text, !id.isEmpty else { throw OrderProblem("a line has no id") }
      lines.append(
        OrderLine(
          externalId: id, listingId: item["item"]["id"].text,
          sku: item["itemCode"].text.flatMap { $0.isEmpty ? nil : $0 },
          title: item["name"].text, quantity: try quantity(item["unitQty"], of: id),
          unitPrice: CurrencyUnits.money(item["price"], in: currency)))
    }
    return lines
  }

  private static func quantity(_ thousandths: JSON, of line: String) throws(OrderProblem) -> Int {
    if thousandths.isNull { return 1 }
    guard let units = thousandths.integer, units.isMultiple(of: 1_000),
      let whole = Int(exactly: units / 1_000)
    else {
      throw OrderProblem("line \(line): quantity \(thousandths.text ?? "") thousandths is not a whole number")
    }
    return whole
  }

  private static func buyer(of json: JSON) -> Buyer? {
    let names = [json["firstName"].text, json["lastName"].text].compactMap { $0 }.filter { !$0.isEmpty }
    let buyer = Buyer(
      externalId: json["id"].text, name: names.isEmpty ? nil : names.joined(separator: " "),
      email: json["emailAddresses"]["elements"][0]["emailAddress"].text)
    return buyer == Buyer() ? nil : buyer
  }
}
