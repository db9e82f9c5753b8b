import Events
import JSON
import Marketplaces
import Time

/// Reads an order of the Orders API.
enum SquareOrder {
  /// The variations that an order's lines name.
  static func variations(of json: JSON) -> [String] {
    json["line_items"].array.compactMap { $0["catalog_object_id"].text }
  }

  static func read(_ json: JSON, skus: [String: String?], filter: OrderFilter) throws(OrderProblem) -> Order {
    guard let id = json["id"].text, !id.isEmpty else { throw OrderProblem("the order has no id") }
    let financial = financialStatus(of: json)
    let isCancelled = json["state"].text == "CANCELED"
    let total = json["total_money"]
    return Order(
      externalId: id, number: json["ticket_name"].text ?? json["reference_id"].text,
      status: status(of: json, financial: financial), financialStatus: financial,
      fulfillmentStatus: json["fulfillments"][0]["state"].text?.lowercased(),
      eligible: filter.isEligible(financialStatus: financial), placedAt: json["created_at"].timestamp,
      updatedAt: json["updated_at"].timestamp,
      cancelledAt: isCancelled ? json["closed_at"].timestamp ?? json["updated_at"].timestamp : nil,
      currency: total["currency"].text, total: SquareMoney.read(total),
      tax: SquareMoney.read(json["total_tax_money"]),
      shipping: SquareMoney.read(json["total_service_charge_money"]), buyer: buyer(of: json),
      shippingAddress: json["fulfillments"][0]["shipment_details"]["recipient"]["address"],
      tracking: tracking(of: json), lines: try lines(of: json, id: id, skus: skus))
  }

  /// Square says it only by what is paid and what is given back.
  static func financialStatus(of json: JSON) -> String {
    let total = json["total_money"]["amount"].integer ?? 0
    let refunded = json["refunds"].array.filter {
      $0["status"].text != "REJECTED" && $0["status"].text != "FAILED"
    }
    .reduce(Int64(0)) { $0.addingReportingOverflow($1["amount_money"]["amount"].integer ?? 0).partialValue }
    if refunded > 0 { return refunded >= total ? "refunded" : "partially_refunded" }
    let paid = json["tenders"].array
      .reduce(Int64(0)) { $0.addingReportingOverflow($1["amount_money"]["amount"].integer ?? 0).partialValue }
    if json["tenders"].array.isEmpty { return json["state"].text == "CANCELED" ? "voided" : "pending" }
    return paid >= total ? "paid" : "partially_paid"
  }

  static func status(of json: JSON, financial: String) -> OrderStatus {
    if json["state"].text == "CANCELED" { return .cancelled }
    if financial == "refunded" { return .refunded }
    if json["state"].text == "COMPLETED" { return .fulfilled }
    let parcels = json["fulfillments"].array.compactMap { $0["state"].text }.filter { $0 != "CANCELED" }
    if !parcels.isEmpty, parcels.allSatisfy({ $0 == "COMPLETED" }) { return .shipped }
    if parcels.contains(where: { $0 == "RESERVED" || $0 == "PREPARED" }) { return .processing }
    return financial == "paid" || financial == "partially_refunded" ? .paid : .new
  }

  /// A line's uid is unique within its order only.
  private static func lines(
    of json: JSON, id: String, skus: [String: String?]
  ) throws(OrderProblem) -> [OrderLine]? {
    guard case .array(let items) = json["line_items"] else { return nil }
    var lines: [OrderLine] = []
    for (index, line) in items.enumerated() {
      guard let uid = line["uid"].text, !uid.isEmpty else {
        throw OrderProblem("line \(index + 1) has no uid")
      }
      let variation = line["catalog_object_id"].text
      let names = [line["name"].text, line["variation_name"].text].compactMap { $0 }.filter { !$0.isEmpty }
      lines.append(
        OrderLine(
          externalId: id + "/" + uid, listingId: variation, sku: variation.flatMap { skus[$0] ?? nil },
          title: names.isEmpty ? nil : names.joined(separator: " – "),
          // A decimal string. What is sold by weight or length is no number of pieces.
          quantity: try OrderLine.quantity(line["quantity"], of: "\(index + 1)"), restocked: 0,
          unitPrice: SquareMoney.read(line["base_price_money"])))
    }
    return lines
  }

  private static func buyer(of json: JSON) -> Buyer? {
    let recipient =
      json["fulfillments"].array.lazy
      .map {
        $0["shipment_details"]["recipient"].isNull
          ? $0["pickup_details"]["recipient"] : $0["shipment_details"]["recipient"]
      }
      .first { !$0.isNull } ?? .null
    let buyer = Buyer(
      externalId: json["customer_id"].text ?? recipient["customer_id"].text,
      name: recipient["display_name"].text, email: recipient["email_address"].text)
    return buyer == Buyer() ? nil : buyer
  }

  private static func tracking(of json: JSON) -> [Tracking] {
    json["fulfillments"].array.compactMap { fulfillment in
      let details = fulfillment["shipment_details"]
      guard let number = details["tracking_number"].text, !number.isEmpty else { return nil }
      return Tracking(carrier: details["carrier"].text, number: number, url: details["tracking_url"].text)
    }
  }
}

/// Reads an amount of Square: whole minor units of its currency.
enum SquareMoney {
  static func read(_ json: JSON) -> Money? {
    guard let amount = json["amount"].integer else { return nil }
    return Money(minorUnits: amount, scale: scale(of: json["currency"].text ?? ""))
  }

  /// Nil where it is no whole number of the currency's minor units.
  static func write(_ price: Money, in currency: String) -> JSON? {
    let minor = (price * (0..<scale(of: currency)).reduce(1) { power, _ in power * 10 }).text
    let parts = minor.split(separator: ".")
    guard let amount = parts.first.flatMap({ Int64($0) }),
      parts.count == 1 || parts[1].allSatisfy({ $0 == "0" })
    else { return nil }
    return ["amount": .integer(amount), "currency": .string(currency)]
  }

  /// ISO 4217: the decimals of a currency; most have two.
  static func scale(of currency: String) -> Int {
    switch currency {
    case "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
      "XAF",
      "XOF", "XPF":
      0
    case "BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND": 3
    default: 2
    }
  }
}
