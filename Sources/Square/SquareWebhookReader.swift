import Crypto
import JSON
package import Marketplaces
import Time

import struct Foundation.Data

/// Reads Square's webhooks. They name what changed; how it stands is to be asked for.
package struct SquareWebhookReader: WebhookReader {
  package init() {}

  /// `x-square-hmacsha256-signature` is the base64 of the HMAC-SHA256, under the subscription's signature key, of the
  /// address that Square was told to call, followed by the raw body.
  package func isGenuine(_ request: WebhookRequest, keys: WebhookKeys) -> Bool {
    guard
      let signature = request.headers["x-square-hmacsha256-signature"].flatMap({ Data(base64Encoded: $0) })
    else { return false }
    let signed = Array(keys.url.utf8) + request.body
    return keys.secrets.contains { secret in
      HMAC<SHA256>.isValidAuthenticationCode(
        signature, authenticating: signed, using: SymmetricKey(data: Array(secret.utf8)))
    }
  }

  package func read(
    _ request: WebhookRequest, for connection: MarketplaceConnection, filter: OrderFilter
  ) throws(MarketplaceError) -> WebhookReading {
    let body: JSON
    do { body = try JSON.parse(request.body) } catch { throw .malformed("the webhook's body is \(error)") }
    let type = body["type"].text ?? ""
    let raw = RawEvent(
      id: Self.id(of: body, request), type: type,
      occurredAt: body["created_at"].timestamp ?? request.receivedAt,
      payload: body)
    let subjects = Self.subjects(of: type, body["data"])
    guard let subjects else {
      return .items([FeedItem(raw: raw, meaning: .skipped("nothing here has a use for \(type)"))])
    }
    guard !subjects.isEmpty else {
      return .items([FeedItem(raw: raw, meaning: .failed("the webhook names no subject"))])
    }
    return .fetch(raw, subjects)
  }

  /// What is to be read because of a webhook; nil when nothing is. The requirements name `item.created` and
  /// `item.updated`; the service sends `catalog.version.updated`, which says no more than that there is a change.
  private static func subjects(of type: String, _ data: JSON) -> [WebhookSubject]? {
    switch type {
    case "order.created", "order.updated", "order.fulfillment.updated":
      let object = data["object"].object.values.first ?? .null
      let id = object["order_id"].text ?? data["id"].text
      return id.map { [.order($0)] } ?? []
    case "inventory.count.updated":
      let counts = data["object"]["inventory_counts"].array.filter {
        $0["catalog_object_type"].text ?? "ITEM_VARIATION" == "ITEM_VARIATION"
          && $0["state"].text ?? "IN_STOCK" == "IN_STOCK"
      }
      if counts.isEmpty, !data["object"]["inventory_counts"].array.isEmpty { return nil }
      return Set(counts.compactMap { $0["catalog_object_id"].text }).sorted().map { .listing($0) }
    case "catalog.version.updated", "item.created", "item.updated": return [.feed(.listings)]
    case _ where type.hasPrefix("dispute."): return [.feed(.disputes)]
    default: return nil
    }
  }

  private static func id(of body: JSON, _ request: WebhookRequest) -> String {
    if let id = body["event_id"].text, !id.isEmpty { return id }
    let hash = SHA256.hash(data: request.body).prefix(16)
    return "unnamed/" + hash.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
