package import JSON
package import Marketplaces
import Time

/// Clover's webhooks: they name items and orders of merchants, which are then asked for.
package struct CloverWebhooks: WebhookReader {
  package init() {}

  /// `X-Clover-Auth`, which is the same with every call.
  package func isGenuine(_ request: WebhookRequest, keys: WebhookKeys) -> Bool {
    request.carries(in: "x-clover-auth", oneOf: keys.secrets)
  }

  /// The first call brings a code that a person types in at Clover's dashboard; the answer repeats it.
  package func handshake(_ request: WebhookRequest) -> JSON? {
    guard request.body.count < 1_000, let json = try? request.json(), json["merchants"].isNull,
      let code = json["verificationCode"].text
    else { return nil }
    return ["verificationCode": .string(code)]
  }

  package func read(
    _ request: WebhookRequest, for connection: MarketplaceConnection, filter: OrderFilter
  ) throws(MarketplaceError) -> WebhookReading {
    let json = try request.json()
    guard case .object(let merchants) = json["merchants"] else {
      throw .malformed("the webhook names no merchants")
    }
    // One address serves one merchant, but an app's webhooks can name others.
    let own = merchants[CloverMerchant.id(of: connection.baseURL)]?.array ?? []
    let latest = own.compactMap { CloverOrder.time($0["ts"]) }.max()
    let raw = RawEvent(
      id: "webhook/" + request.digest, type: own.first?["type"].text ?? "UPDATE",
      occurredAt: latest ?? request.receivedAt, payload: json)
    var subjects: [WebhookSubject] = []
    for change in own where change["type"].text != "DELETE" {
      guard let subject = Self.subject(change["objectId"].text ?? ""), !subjects.contains(subject) else {
        continue
      }
      subjects.append(subject)
    }
    guard subjects.isEmpty else { return .fetch(raw, subjects) }
    return .items([FeedItem(raw: raw, meaning: .skipped("it names nothing of ours that could be read"))])
  }

  /// `I:<id>` is an item, `O:<id>` an order; there are others that nothing here has a use for.
  private static func subject(_ objectId: String) -> WebhookSubject? {
    let id = String(objectId.dropFirst(2))
    guard !id.isEmpty else { return nil }
    if objectId.hasPrefix("I:") { return .listing(id) }
    return objectId.hasPrefix("O:") ? .order(id) : nil
  }
}

enum CloverMerchant {
  /// The merchant of a base URL: its last segment.
  static func id(of baseURL: String) -> String {
    baseURL.split(separator: "/").last.map(String.init) ?? ""
  }
}
