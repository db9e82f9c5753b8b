import Events
import JSON
import Marketplaces
import Time

/// Reads an order of the GraphQL API.
enum ShopifyOrder {
  static func read(_ node: JSON, refunds: JSON, filter: OrderFilter) throws(OrderProblem) -> Order {
    guard let id = ShopifyID.number(node["id"]) else { throw OrderProblem("the order has no id") }
    let financial = node["displayFinancialStatus"].text?.lowercased()
    let fulfillment = node["displayFulfillmentStatus"].text?.lowercased()
    let parcels = node["fulfillments"].array
    let state = ShopifyState(
      isCancelled: !node["cancelledAt"].isNull, financial: financial, fulfillment: fulfillment,
      isDelivered: !parcels.isEmpty && parcels.allSatisfy { $0["displayStatus"].text == "DELIVERED" })
    return Order(
      externalId: id, number: node["name"].text, status: state.status, financialStatus: financial,
      fulfillmentStatus: fulfillment,
      eligible: filter.isEligible(financialStatus: financial, isTest: node["test"].bool ?? false),
      placedAt: node["createdAt"].timestamp, updatedAt: node["updatedAt"].timestamp,
      cancelledAt: node["cancelledAt"].timestamp, currency: node["currencyCode"].text,
      total: amount(node["totalPriceSet"]), tax: amount(node["totalTaxSet"]),
      shipping: amount(node["totalShippingPriceSet"]), buyer: buyer(of: node),
      shippingAddress: node["shippingAddress"],
      tracking: parcels.flatMap { $0["trackingInfo"].array }.compactMap(tracking),
      lines: try lines(of: node, kept: kept(in: refunds)))
  }

  /// Whether a line has become fewer: then what became of the rest has to be asked for.
  static func hasFewer(_ node: JSON) -> Bool {
    node["cancelledAt"].isNull
      && node["lineItems"]["nodes"].array.contains { line in
        guard let current = line["currentQuantity"].integer, let bought = line["quantity"].integer else {
          return false
        }
        return current < bought
      }
  }

  private static func lines(of node: JSON, kept: [String: Int]) throws(OrderProblem) -> [OrderLine]? {
    guard case .array(let nodes) = node["lineItems"]["nodes"] else { return nil }
    var lines: [OrderLine] = []
    for (index, line) in nodes.enumerated() {
      guard let id = ShopifyID.number(line["id"]) else {
        throw OrderProblem("line \(index + 1) has no id")
      }
      let current = line["currentQuantity"].isNull ? line["quantity"] : line["currentQuantity"]
      let quantity = try OrderLine.quantity(current, of: "\(index + 1)")
      lines.append(
        OrderLine(
          externalId: id, listingId: ShopifyID.number(line["variant"]["id"]), sku: line["sku"].text,
          title: line["title"].text, quantity: quantity + (kept[id] ?? 0), restocked: 0,
          unitPrice: amount(line["originalUnitPriceSet"])))
    }
    return lines
  }

  /// How many of each line were refunded without coming back to stock: `currentQuantity` leaves them out, but they
  /// are as gone as they were (Rule 11: a refund is not a restock).
  private static func kept(in refunds: JSON) -> [String: Int] {
    var kept: [String: Int] = [:]
    for line in refunds.array.flatMap({ $0["refundLineItems"]["nodes"].array })
    where line["restockType"].text == "NO_RESTOCK" {
      guard let id = ShopifyID.number(line["lineItem"]["id"]) else { continue }
      kept[id, default: 0] += Int(clamping: max(0, line["quantity"].integer ?? 0))
    }
    return kept
  }

  private static func amount(_ set: JSON) -> Money? { Money(set["shopMoney"]["amount"]) }

  private static func buyer(of node: JSON) -> Buyer? {
    let customer = node["customer"]
    let buyer = Buyer(
      externalId: ShopifyID.number(customer["id"]), name: customer["displayName"].text,
      email: node["email"].text ?? customer["email"].text)
    return buyer == Buyer() ? nil : buyer
  }

  private static func tracking(_ json: JSON) -> Tracking? {
    guard let number = json["number"].text, !number.isEmpty else { return nil }
    return Tracking(carrier: json["company"].text, number: number, url: json["url"].text)
  }
}

/// What Shopify says of an order's state, in its own words but in lower case, from either API.
struct ShopifyState: Equatable {
  var isCancelled: Bool
  var financial: String?
  var fulfillment: String?
  var isDelivered: Bool

  var status: OrderStatus {
    if isCancelled { return .cancelled }
    if financial == "refunded" { return .refunded }
    switch fulfillment {
    case "fulfilled": return isDelivered ? .fulfilled : .shipped
    case "partially_fulfilled", "partial", "in_progress": return .processing
    default: break
    }
    return financial == "paid" || financial == "partially_refunded" ? .paid : .new
  }
}
