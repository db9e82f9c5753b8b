import Events
package import JSON
package import Marketplaces
import Time

/// WooCommerce's webhooks: whole orders and products, as its lists have them.
package struct WooCommerceWebhooks: WebhookReader {
  package init() {}

  /// `X-WC-Webhook-Signature`: the HMAC-SHA256 of the raw body, in base64.
  package func isGenuine(_ request: WebhookRequest, keys: WebhookKeys) -> Bool {
    request.isSigned(in: "x-wc-webhook-signature", with: keys.secrets)
  }

  /// A new webhook first sends `webhook_id=N`, without a topic, and wants nothing but a good answer.
  package func handshake(_ request: WebhookRequest) -> JSON? {
    guard request.headers["x-wc-webhook-topic"] == nil else { return nil }
    let text = String(decoding: request.body.prefix(40), as: UTF8.self)
    guard text.hasPrefix("webhook_id="), text.dropFirst(11).allSatisfy(\.isNumber) else { return nil }
    return [:]
  }

  package func read(
    _ request: WebhookRequest, for connection: MarketplaceConnection, filter: OrderFilter
  ) throws(MarketplaceError) -> WebhookReading {
    let topic = request.headers["x-wc-webhook-topic"] ?? ""
    let json = try request.json()
    let changed = WooCommerceTime.read(json["date_modified_gmt"]) ?? request.receivedAt
    let raw = RawEvent(
      id: "webhook/" + (request.headers["x-wc-webhook-delivery-id"] ?? request.digest), type: topic,
      occurredAt: changed, payload: json)
    switch topic {
    case "order.created", "order.updated", "order.restored":
      return .items([
        WooCommerceOrder.item(json, of: connection, filter: filter, at: request.receivedAt)
      ])
    case "product.created", "product.updated", "product.restored":
      return product(json, raw, created: topic == "product.created", of: connection)
    case "product.deleted": return .items([deleted(json, raw, of: connection)])
    case "order.deleted":
      return .items([FeedItem(raw: raw, meaning: .skipped("a deleted order says nothing of its goods"))])
    default:
      return .items([FeedItem(raw: raw, meaning: .skipped("nothing here has a use for '\(topic)'"))])
    }
  }

  /// Of a product with variations only their ids are told: they are asked for.
  private func product(
    _ json: JSON, _ raw: RawEvent, created: Bool, of connection: MarketplaceConnection
  ) -> WebhookReading {
    guard let id = json["id"].text, !id.isEmpty else {
      return .items([FeedItem(raw: raw, meaning: .failed("the product has no id"))])
    }
    if WooCommerceProduct.isVariable(json) {
      let variations = json["variations"].array.compactMap(\.text)
      guard variations.isEmpty else { return .fetch(raw, variations.map { .listing(id + "/" + $0) }) }
    }
    guard let listing = WooCommerceProduct.listing(of: json) else { return .items([]) }
    let product = Product(
      externalId: id, title: json["name"].text, description: json["description"].text,
      status: json["status"].text, updatedAt: raw.occurredAt,
      tags: json["tags"].isNull ? nil : json["tags"].array.compactMap { $0["name"].text },
      variants: [.init(externalId: listing.externalId, sku: listing.sku, price: listing.price)])
    let event = connection.event(
      id: connection.messageId(raw.id), type: created ? .productCreated : .productUpdated,
      time: raw.occurredAt, change: nil, observedAt: raw.occurredAt, .product(product))
    let snapshot = connection.snapshot(of: listing, payload: json, at: raw.occurredAt)
    return .items([FeedItem(raw: raw, meaning: .event(event))] + (snapshot.map { [$0] } ?? []))
  }

  private func deleted(_ json: JSON, _ raw: RawEvent, of connection: MarketplaceConnection) -> FeedItem {
    guard let id = json["id"].text, !id.isEmpty else {
      return FeedItem(raw: raw, meaning: .failed("the product has no id"))
    }
    let event = connection.event(
      id: connection.messageId(raw.id), type: .productDeleted, time: raw.occurredAt, change: nil,
      observedAt: raw.occurredAt, .product(Product(externalId: id, updatedAt: raw.occurredAt)))
    return FeedItem(raw: raw, meaning: .event(event))
  }
}
