import Events
import JSON
import Marketplaces
import Time

/// Reads an order of eBay's Fulfillment API.
enum EbayOrder {
  static func isSent(_ json: JSON) -> Bool {
    ["FULFILLED", "IN_PROGRESS"].contains(json["orderFulfillmentStatus"].text)
  }

  static func read(_ json: JSON, parcels: JSON, filter: OrderFilter) throws(OrderProblem) -> Order {
    guard let id = json["orderId"].text, !id.isEmpty else { throw OrderProblem("the order has no orderId") }
    let financial = financialStatus(of: json)
    let (prices, cancel) = (json["pricingSummary"], json["cancelStatus"])
    let shipTo = json["fulfillmentStartInstructions"][0]["shippingStep"]["shipTo"]
    return Order(
      externalId: id, number: json["legacyOrderId"].text ?? id, status: status(of: json),
      financialStatus: financial, fulfillmentStatus: json["orderFulfillmentStatus"].text?.lowercased(),
      eligible: filter.isEligible(financialStatus: financial), placedAt: json["creationDate"].timestamp,
      updatedAt: json["lastModifiedDate"].timestamp, cancelledAt: cancel["cancelledDate"].timestamp,
      currency: prices["total"]["currency"].text, total: Money(prices["total"]["value"]),
      tax: Money(prices["tax"]["value"]), shipping: Money(prices["deliveryCost"]["value"]),
      buyer: buyer(of: json, shipTo), shippingAddress: shipTo, tracking: tracking(of: parcels),
      lines: try lines(of: json))
  }

  private static func status(of json: JSON) -> OrderStatus {
    if json["cancelStatus"]["cancelState"].text == "CANCELED" { return .cancelled }
    switch json["orderPaymentStatus"].text {
    case "FULLY_REFUNDED": return .refunded
    case "FAILED": return .cancelled
    default: break
    }
    switch json["orderFulfillmentStatus"].text {
    case "FULFILLED": return .shipped
    case "IN_PROGRESS": return .processing
    default: return json["orderPaymentStatus"].text == "PAID" ? .paid : .new
    }
  }

  private static func financialStatus(of json: JSON) -> String? {
    switch json["orderPaymentStatus"].text {
    case "PAID": "paid"
    case "FULLY_REFUNDED": "refunded"
    case "PARTIALLY_REFUNDED": "partially_refunded"
    case "FAILED": "voided"
    case "PENDING": "pending"
    case let other: other?.lowercased()
    }
  }

  /// Nil when the order says nothing of its lines.
  private static func lines(of json: JSON) throws(OrderProblem) -> [OrderLine]? {
    guard case .array(let items) = json["lineItems"] else { return nil }
    var lines: [OrderLine] = []
    for item in items {
      guard let id = item["lineItemId"].text, !id.isEmpty else {
        throw OrderProblem("a line has no lineItemId")
      }
      let quantity = try OrderLine.quantity(item["quantity"], of: id)
      let sku = item["sku"].text.flatMap { $0.isEmpty ? nil : $0 }
      lines.append(
        OrderLine(
          // The inventory knows an item by its SKU; without one there is only the listing's number.
          externalId: id, listingId: sku ?? item["legacyItemId"].text, sku: sku, title: item["title"].text,
          quantity: quantity, unitPrice: unitPrice(Money(item["lineItemCost"]["value"]), quantity)))
    }
    return lines
  }

  /// `lineItemCost` is that of all pieces; nil where it can't be divided without a rest.
  static func unitPrice(_ cost: Money?, _ quantity: Int) -> Money? {
    guard let cost, quantity > 1 else { return cost }
    let parts = cost.text.split(separator: ".", omittingEmptySubsequences: false)
    let scale = parts.count > 1 ? parts[1].utf8.count : 0
    guard let units = Int64(parts.joined()), units.isMultiple(of: Int64(quantity)) else { return nil }
    return Money(minorUnits: units / Int64(quantity), scale: scale)
  }

  private static func buyer(of json: JSON, _ shipTo: JSON) -> Buyer? {
    let registered = json["buyer"]["buyerRegistrationAddress"]
    let buyer = Buyer(
      externalId: json["buyer"]["username"].text,
      name: shipTo["fullName"].text ?? registered["fullName"].text,
      email: shipTo["email"].text ?? registered["email"].text)
    return buyer == Buyer() ? nil : buyer
  }

  private static func tracking(of parcels: JSON) -> [Tracking] {
    parcels.array.compactMap { parcel in
      guard let number = parcel["shipmentTrackingNumber"].text, !number.isEmpty else { return nil }
      return Tracking(carrier: parcel["shippingCarrierCode"].text, number: number)
    }
  }
}
