import Crypto
import Events
import JSON
package import Marketplaces
import Time

import struct Foundation.Data

/// Reads Shopify's webhooks. Their headers say what the body is about; the body is the REST resource, unwrapped.
package struct ShopifyWebhookReader: WebhookReader {
  package init() {}

  /// `X-Shopify-Hmac-Sha256` is the base64 of the HMAC-SHA256 of the raw body under the app's client secret. After a
  /// rotation the old secret is used for a while.
  package func isGenuine(_ request: WebhookRequest, keys: WebhookKeys) -> Bool {
    guard let signature = request.headers["x-shopify-hmac-sha256"].flatMap({ Data(base64Encoded: $0) }) else {
      return false
    }
    return keys.secrets.contains { secret in
      HMAC<SHA256>.isValidAuthenticationCode(
        signature, authenticating: request.body, using: SymmetricKey(data: Array(secret.utf8)))
    }
  }

  package func read(
    _ request: WebhookRequest, for connection: MarketplaceConnection, filter: OrderFilter
  ) throws(MarketplaceError) -> WebhookReading {
    let body: JSON
    do { body = try JSON.parse(request.body) } catch { throw .malformed("the webhook's body is \(error)") }
    let delivery = Delivery(request, body: body, connection: connection)
    switch delivery.topic {
    case "orders/edited": return delivery.fetch(.order, body["order_edit"]["order_id"])
    case "refunds/create": return delivery.fetch(.order, body["order_id"])
    case "inventory_levels/update":
      return delivery.fetch(.inventoryItem, body["inventory_item_id"])
    case "products/create": return .items([delivery.product(.productCreated)])
    case "products/update": return .items([delivery.product(.productUpdated)])
    case "products/delete": return .items([delivery.deletedProduct()])
    case "disputes/create": return .items([delivery.dispute(change: "opened")])
    case "disputes/update": return .items([delivery.changedDispute()])
    case let topic:
      guard let meaning = Self.orders[topic] else { return .items([delivery.skipped()]) }
      return .items([delivery.order(meaning.type, change: meaning.change, filter: filter)])
    }
  }

  /// The topics whose body is an order.
  private static let orders: [String: (type: EventType, change: String)] = [
    "orders/create": (.orderCreated, "created"), "orders/updated": (.orderUpdated, "updated"),
    "orders/paid": (.paymentReceived, "paid"), "orders/partially_fulfilled": (.orderUpdated, "updated"),
    "orders/fulfilled": (.orderShipped, "sent"), "orders/cancelled": (.orderCancelled, "cancelled"),
  ]
}

/// One delivery of a webhook, and the items it can be.
private struct Delivery {
  let topic: String
  let body: JSON
  let connection: MarketplaceConnection
  /// The same over repeated deliveries.
  let eventId: String
  /// When Shopify sent it first, by its clock: the body is of that moment, however late it comes.
  let sentAt: Timestamp

  init(_ request: WebhookRequest, body: JSON, connection: MarketplaceConnection) {
    topic = request.headers["x-shopify-topic"] ?? ""
    self.body = body
    self.connection = connection
    sentAt = request.headers["x-shopify-triggered-at"].flatMap { Timestamp($0) } ?? request.receivedAt
    let given = request.headers["x-shopify-event-id"] ?? request.headers["x-shopify-webhook-id"]
    eventId = given.flatMap { $0.isEmpty ? nil : $0 } ?? Self.digest(of: request.body, topic: topic)
  }

  private static func digest(of body: [UInt8], topic: String) -> String {
    let hash = SHA256.hash(data: Array(topic.utf8) + body).prefix(16)
    return topic + "/" + hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  private var raw: RawEvent { RawEvent(id: eventId, type: topic, occurredAt: sentAt, payload: body) }

  private func item(_ meaning: FeedItem.Meaning) -> FeedItem { FeedItem(raw: raw, meaning: meaning) }

  private func item(_ type: EventType, at time: Timestamp?, change: String?, _ payload: Event.Payload)
    -> FeedItem
  {
    var raw = self.raw
    raw.occurredAt = time ?? sentAt
    let event = connection.event(
      id: connection.messageId(eventId), type: type, time: raw.occurredAt, change: change, observedAt: sentAt,
      payload)
    return FeedItem(raw: raw, meaning: .event(event))
  }

  func order(_ type: EventType, change: String, filter: OrderFilter) -> FeedItem {
    do {
      let order = try ShopifyRESTOrder.read(body, filter: filter)
      return item(type, at: order.updatedAt, change: change, .order(order))
    } catch {
      return item(.failed(error.description))
    }
  }

  /// The whole product; a currency is not said.
  func product(_ type: EventType) -> FeedItem {
    guard let id = body["id"].text, !id.isEmpty else { return item(.failed("the product has no id")) }
    var variants: [Product.Variant]?
    if case .array(let given) = body["variants"] {
      variants = given.compactMap { variant in
        variant["id"].text.map {
          Product.Variant(
            externalId: $0, sku: variant["sku"].text.flatMap { $0.isEmpty ? nil : $0 },
            barcode: variant["barcode"].text, price: Money(variant["price"]))
        }
      }
    }
    let product = Product(
      externalId: id, title: body["title"].text, description: body["body_html"].text,
      status: body["status"].text, updatedAt: body["updated_at"].timestamp,
      tags: body["tags"].text.map { tags in
        tags.split(separator: ",").map { $0.drop { $0 == " " } }.filter { !$0.isEmpty }.map { String($0) }
      }, variants: variants)
    return item(
      type, at: product.updatedAt, change: type == .productCreated ? "created" : "updated", .product(product))
  }

  func deletedProduct() -> FeedItem {
    guard let id = body["id"].text, !id.isEmpty else { return item(.failed("the product has no id")) }
    return item(.productDeleted, at: nil, change: "deleted", .product(Product(externalId: id)))
  }

  func dispute(change: String) -> FeedItem {
    guard let id = body["id"].text, !id.isEmpty, let order = body["order_id"].text, !order.isEmpty else {
      return item(.failed("the dispute names no order"))
    }
    let dispute = Dispute(
      externalId: id, orderId: order, reason: body["reason"].text, openedAt: body["initiated_at"].timestamp)
    let moment = change == "opened" ? dispute.openedAt : nil
    return item(.disputeInitiated, at: moment, change: change, .dispute(dispute, nil))
  }

  /// Shopify has no list of disputes to poll: where the webhook of the opening was lost, the next one opens it. One
  /// that is over needs nobody any more.
  func changedDispute() -> FeedItem {
    let status = body["status"].text?.lowercased() ?? ""
    guard !["won", "lost", "accepted", "charge_refunded"].contains(status) else {
      return item(.skipped("the dispute is over: \(status)"))
    }
    return dispute(change: "updated")
  }

  func skipped() -> FeedItem { item(.skipped("nothing here has a use for \(topic)")) }

  enum Subject { case order, inventoryItem }

  /// What the webhook names is to be read: a refund says too little, and a level of stock only that of one location.
  func fetch(_ subject: Subject, _ id: JSON) -> WebhookReading {
    guard let id = id.text, !id.isEmpty else {
      return .items([item(.failed("the webhook names no subject"))])
    }
    return switch subject {
    case .order: .fetch(raw, [.order(id)])
    case .inventoryItem: .fetch(raw, [.listing(ShopifyID.global(.inventoryItem, id))])
    }
  }
}
