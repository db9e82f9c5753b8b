import JSON
import Marketplaces
import Square
import Testing
import Time

@Suite struct WebhookTests {
  let reader = SquareWebhookReader()
  let keys = WebhookKeys(secrets: ["other", "signature-key"], url: "https://x.example/webhook/1")

  @Test(arguments: [#"{"a":">id<"}"#, #"{"a":"\u0026\/"}"#, "{\"a\":\"\u{2028}👕\"}", "{ }"])
  func `address and raw bytes are signed together (18)`(body: String) {
    let request = webhook(body)
    #expect(reader.isGenuine(request, keys: keys))
    #expect(
      !reader.isGenuine(request, keys: WebhookKeys(secrets: keys.secrets, url: "https://proxy/webhook/1")))
    #expect(!reader.isGenuine(request, keys: WebhookKeys(secrets: ["other"], url: keys.url)))
    var changed = request
    changed.body.append(UInt8(ascii: " "))
    #expect(!reader.isGenuine(changed, keys: keys))
  }

  @Test func `a signature of Square's own documents is good`() {
    let request = WebhookRequest(
      headers: ["x-square-hmacsha256-signature": "W3FlCNk5IA3ZQ2LHTWoajvzfaDu/OwY2tNHIHC3IUOA="],
      body: Array(#"{"data":{"type":"webhooks","id":"fake_id"}}"#.utf8), receivedAt: at("12:00:00"))
    let keys = WebhookKeys(secrets: ["signature-key"], url: "https://webhook.site/webhooks")
    #expect(reader.isGenuine(request, keys: keys))
  }

  @Test(arguments: [
    (
      #"{"event_id":"e","type":"order.updated","created_at":"2026-01-01T12:00:00.808603647Z","data":{"type":"order_updated","id":"O1","object":{"order_updated":{"order_id":"O1","state":"OPEN"}}}}"#,
      WebhookSubject.order("O1")
    ),
    (
      #"{"event_id":"e","type":"inventory.count.updated","created_at":"2026-01-01T12:00:00.808603647Z","data":{"object":{"inventory_counts":[{"catalog_object_id":"V1","catalog_object_type":"ITEM_VARIATION","state":"IN_STOCK","quantity":"10"}]}}}"#,
      .listing("V1")
    ),
    (
      #"{"event_id":"e","type":"catalog.version.updated","created_at":"2026-01-01T12:00:00.808603647Z","data":{}}"#,
      .feed(.listings)
    ),
    (
      #"{"event_id":"e","type":"item.updated","created_at":"2026-01-01T12:00:00.808603647Z","data":{}}"#,
      .feed(.listings)
    ),
    (
      #"{"event_id":"e","type":"dispute.created","created_at":"2026-01-01T12:00:00.808603647Z","data":{}}"#,
      .feed(.disputes)
    ),
  ])
  func `a webhook says what to read, its time in nanoseconds or not (22)`(
    body: String, subject: WebhookSubject
  ) throws {
    guard case .fetch(let raw, let subjects) = try reader.read(webhook(body), for: .shop, filter: .standard)
    else {
      Issue.record("nothing is read")
      return
    }
    #expect(subjects == [subject] && raw.id == "e")
    #expect(raw.occurredAt >= at("12:00:00") && raw.occurredAt < at("12:00:01"))
  }

  @Test(arguments: ["labor.shift.created", "inventory.count.updated"])
  func `what makes nothing to read is kept under its own name`(type: String) throws {
    let body =
      #"{"event_id":"e","type":"\#(type)","data":{"object":{"inventory_counts":[{"catalog_object_id":"V","state":"WASTE"}]}}}"#
    guard case .items(let items) = try reader.read(webhook(body), for: .shop, filter: .standard) else {
      Issue.record("something is read")
      return
    }
    #expect(items.map(\.raw.type) == [type])
  }

  @Test func `a replayed webhook has the same id, with and without its own (25)`() throws {
    func id(_ body: String) throws -> String? {
      guard case .fetch(let raw, _) = try reader.read(webhook(body), for: .shop, filter: .standard) else {
        return nil
      }
      return raw.id
    }
    let body = #"{"type":"item.created","data":{}}"#
    #expect(try id(body) == id(body) && id(body) != id(#"{"type":"item.updated","data":{}}"#))
  }
}
