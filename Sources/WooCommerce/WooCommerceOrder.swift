import Events
import JSON
import Marketplaces
import Time

/// Reads an order of WooCommerce, from its list or a webhook.
enum WooCommerceOrder {
  /// The statuses that WooCommerce itself knows, in the order in which an order goes through them; plug-ins add others.
  enum Status: String {
    case checkoutDraft = "checkout-draft"
    case pending
    case onHold = "on-hold"
    case processing
    case completed
    case refunded
    case cancelled
    case failed
    case trash

    /// How far an order has come.
    var progress: Int64 {
      switch self {
      case .checkoutDraft: 0
      case .pending: 1
      case .onHold: 2
      case .processing: 3
      case .completed: 4
      case .refunded, .cancelled, .failed, .trash: 5
      }
    }
  }

  /// The item of an order. The same version is the same item, whether it was listed or came by webhook.
  static func item(
    _ json: JSON, of connection: MarketplaceConnection, filter: OrderFilter, at moment: Timestamp
  ) -> FeedItem {
    do {
      return connection.listed(try read(json, filter: filter), payload: json, at: moment)
    } catch {
      return connection.unreadable(
        order: json["id"].text ?? "", error.description, payload: json,
        changedAt: WooCommerceTime.read(json["date_modified_gmt"]) ?? moment)
    }
  }

  static func read(_ json: JSON, filter: OrderFilter) throws(OrderProblem) -> Order {
    guard let id = json["id"].text, !id.isEmpty else { throw OrderProblem("the order has no id") }
    let status = json["status"].text.flatMap(Status.init)
    let financial = financialStatus(of: json, status)
    return Order(
      externalId: id, number: json["number"].text ?? id, status: orderStatus(of: json, status),
      financialStatus: financial, fulfillmentStatus: json["status"].text,
      eligible: filter.isEligible(financialStatus: financial),
      placedAt: WooCommerceTime.read(json["date_created_gmt"]), updatedAt: updatedAt(of: json, status),
      currency: json["currency"].text, total: Money(json["total"]), tax: Money(json["total_tax"]),
      shipping: Money(json["shipping_total"]), buyer: buyer(of: json), shippingAddress: json["shipping"],
      tracking: tracking(of: json), lines: try lines(of: json))
  }

  /// A completed order is one that was sent: nothing tells when it arrives. A status of a plug-in is work in progress
  /// once it was paid.
  private static func orderStatus(of json: JSON, _ status: Status?) -> OrderStatus {
    switch status {
    case .checkoutDraft, .pending, .onHold: .new
    case .processing: .paid
    case .completed: .shipped
    case .refunded: .refunded
    case .cancelled, .failed, .trash: .cancelled
    case nil: json["date_paid_gmt"].isNull ? .new : .processing
    }
  }

  private static func financialStatus(of json: JSON, _ status: Status?) -> String {
    let isPaid = !json["date_paid_gmt"].isNull
    switch status {
    case .refunded: return "refunded"
    case .cancelled, .failed, .trash: return isPaid ? "refunded" : "voided"
    case .processing, .completed: return json["refunds"].array.isEmpty ? "paid" : "partially_refunded"
    case .checkoutDraft, .pending, .onHold, nil: return isPaid ? "paid" : "pending"
    }
  }

  /// Whole seconds: of two states of one second the one that has come further is the later (Rule 4).
  private static func updatedAt(of json: JSON, _ status: Status?) -> Timestamp? {
    WooCommerceTime.read(json["date_modified_gmt"]).map { $0 + .microseconds(status?.progress ?? 3) }
  }

  /// Nil when the order says nothing of its lines.
  private static func lines(of json: JSON) throws(OrderProblem) -> [OrderLine]? {
    guard case .array(let items) = json["line_items"] else { return nil }
    var lines: [OrderLine] = []
    for item in items {
      guard let id = item["id"].text, !id.isEmpty else { throw OrderProblem("a line has no id") }
      lines.append(
        OrderLine(
          externalId: id, listingId: WooCommerceProduct.listingId(ofLine: item),
          sku: item["sku"].text.flatMap { $0.isEmpty ? nil : $0 }, title: item["name"].text,
          quantity: try OrderLine.quantity(item["quantity"], of: id), unitPrice: Money(item["price"])))
    }
    return lines
  }

  private static func buyer(of json: JSON) -> Buyer? {
    let billing = json["billing"]
    let names = [billing["first_name"].text, billing["last_name"].text].compactMap { $0 }.filter {
      !$0.isEmpty
    }
    let email = billing["email"].text.flatMap { $0.isEmpty ? nil : $0 }
    // Guests are customer 0.
    let id = json["customer_id"].text.flatMap { $0 == "0" ? nil : $0 }
    guard !names.isEmpty || email != nil || id != nil else { return nil }
    return Buyer(externalId: id, name: names.isEmpty ? nil : names.joined(separator: " "), email: email)
  }

  /// As the shipment tracking extension keeps it.
  private static func tracking(of json: JSON) -> [Tracking] {
    let kept = json["meta_data"].array.first { $0["key"].text == "_wc_shipment_tracking_items" }?["value"]
    return (kept?.array ?? []).compactMap { parcel in
      guard let number = parcel["tracking_number"].text, !number.isEmpty else { return nil }
      return Tracking(
        carrier: parcel["tracking_provider"].text ?? parcel["custom_tracking_provider"].text, number: number,
        url: parcel["custom_tracking_link"].text ?? parcel["tracking_link"].text)
    }
  }
}
