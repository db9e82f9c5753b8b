import Events
import JSON
import Marketplaces
import Time

/// Reads an order as webhooks carry it: the REST order, unwrapped.
enum ShopifyRESTOrder {
  static func read(_ json: JSON, filter: OrderFilter) throws(OrderProblem) -> Order {
    guard let id = json["id"].text, !id.isEmpty else { throw OrderProblem("the order has no id") }
    let financial = json["financial_status"].text?.lowercased()
    let fulfillment = json["fulfillment_status"].text?.lowercased()
    let parcels = json["fulfillments"].array.filter { $0["status"].text != "cancelled" }
    let state = ShopifyState(
      isCancelled: !json["cancelled_at"].isNull, financial: financial, fulfillment: fulfillment,
      isDelivered: !parcels.isEmpty && parcels.allSatisfy { $0["shipment_status"].text == "delivered" })
    return Order(
      externalId: id, number: json["name"].text, status: state.status, financialStatus: financial,
      fulfillmentStatus: fulfillment ?? "unfulfilled",
      eligible: filter.isEligible(financialStatus: financial, isTest: json["test"].bool ?? false),
      placedAt: json["created_at"].timestamp, updatedAt: json["updated_at"].timestamp,
      cancelledAt: json["cancelled_at"].timestamp, currency: json["currency"].text,
      total: Money(json["total_price"]), tax: Money(json["total_tax"]), shipping: shipping(of: json),
      buyer: buyer(of: json), shippingAddress: json["shipping_address"],
      tracking: parcels.flatMap(tracking), lines: try lines(of: json))
  }

  private static func lines(of json: JSON) throws(OrderProblem) -> [OrderLine]? {
    guard case .array(let items) = json["line_items"] else { return nil }
    let refunded = Refunded(json["refunds"])
    var lines: [OrderLine] = []
    for (index, line) in items.enumerated() {
      guard let id = line["id"].text, !id.isEmpty else {
        throw OrderProblem("line \(index + 1) has no id")
      }
      lines.append(
        OrderLine(
          externalId: id, listingId: line["variant_id"].text,
          sku: line["sku"].text.flatMap { $0.isEmpty ? nil : $0 }, title: line["title"].text,
          quantity: try quantity(of: line, id: id, number: index + 1, refunded), restocked: 0,
          unitPrice: Money(line["price"])))
    }
    return lines
  }

  /// What is still sold of a line, as the GraphQL API's version of the same order has it: without what was taken back
  /// to stock. Older API versions don't say `current_quantity`; the refunds say the same.
  private static func quantity(
    of line: JSON, id: String, number: Int, _ refunded: Refunded
  ) throws(OrderProblem) -> Int {
    guard line["current_quantity"].isNull else {
      return try OrderLine.quantity(line["current_quantity"], of: "\(number)") + refunded.kept(id)
    }
    return try OrderLine.quantity(line["quantity"], of: "\(number)") - refunded.restocked(id)
  }

  /// How many of each line were refunded, by what became of them.
  private struct Refunded {
    private var restocked: [String: Int] = [:]
    private var kept: [String: Int] = [:]

    init(_ refunds: JSON) {
      for line in refunds.array.flatMap({ $0["refund_line_items"].array }) {
        guard let id = line["line_item_id"].text else { continue }
        let quantity = Int(clamping: max(0, line["quantity"].integer ?? 0))
        if line["restock_type"].text == "no_restock" {
          kept[id, default: 0] += quantity
        } else {
          restocked[id, default: 0] += quantity
        }
      }
    }

    func kept(_ id: String) -> Int { kept[id] ?? 0 }
    func restocked(_ id: String) -> Int { restocked[id] ?? 0 }
  }

  /// The sum of the shipping lines; nil when there are none.
  private static func shipping(of json: JSON) -> Money? {
    if let said = Money(json["total_shipping_price_set"]["shop_money"]["amount"]) { return said }
    let prices = json["shipping_lines"].array.compactMap { Money($0["price"]) }
    return prices.isEmpty ? nil : prices.reduce(.zero, +)
  }

  private static func buyer(of json: JSON) -> Buyer? {
    let customer = json["customer"]
    let names = [customer["first_name"].text, customer["last_name"].text].compactMap { $0 }
    let buyer = Buyer(
      externalId: customer["id"].text, name: names.isEmpty ? nil : names.joined(separator: " "),
      email: json["email"].text ?? customer["email"].text)
    return buyer == Buyer() ? nil : buyer
  }

  private static func tracking(_ parcel: JSON) -> [Tracking] {
    let numbers = parcel["tracking_numbers"].array.compactMap(\.text)
    let urls = parcel["tracking_urls"].array
    let all = numbers.isEmpty ? [parcel["tracking_number"].text].compactMap { $0 } : numbers
    return all.enumerated().compactMap { index, number in
      number.isEmpty
        ? nil
        : Tracking(
          carrier: parcel["tracking_company"].text, number: number,
          url: urls.indices.contains(index) ? urls[index].text : parcel["tracking_url"].text)
    }
  }
}
