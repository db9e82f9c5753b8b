import JSON
package import Marketplaces
import Time

/// Refurbed's webhook: it names an order, which is then asked for.
package struct RefurbedWebhooks: WebhookReader {
  package init() {}

  /// `X-Refurbed-Signature`: the HMAC-SHA256 of the raw body, in base64 or hexadecimal.
  package func isGenuine(_ request: WebhookRequest, keys: WebhookKeys) -> Bool {
    request.isSigned(in: "x-refurbed-signature", with: keys.secrets)
  }

  package func read(
    _ request: WebhookRequest, for connection: MarketplaceConnection, filter: OrderFilter
  ) throws(MarketplaceError) -> WebhookReading {
    let json = try request.json()
    let type = json["event"].text ?? json["type"].text ?? json["event_type"].text ?? "order"
    let raw = RawEvent(
      id: json["event_id"].text ?? request.headers["x-refurbed-event-id"] ?? "webhook/" + request.digest,
      type: type, occurredAt: json["occurred_at"].timestamp ?? request.receivedAt, payload: json)
    let named =
      json["order_id"].text ?? json["orderNumber"].text ?? json["order_number"].text ?? json["order"]["id"]
      .text
      ?? json["data"]["order_id"].text
    guard let named, !named.isEmpty else {
      return .items([FeedItem(raw: raw, meaning: .skipped("'\(type)' names no order"))])
    }
    return .fetch(raw, [.order(named)])
  }
}
