import Crypto
import Events
import JSON
import Marketplaces
import NIOConcurrencyHelpers
import Square
import Time

import struct Foundation.Data
import struct Foundation.UUID

/// A Square that answers each path with what is written down for it; the last answer stays.
final class ScriptedSquare: MarketplaceTransport {
  private let answers: NIOLockedValueBox<[String: [JSON]]>
  private let asked = NIOLockedValueBox<[MarketplaceCall]>([])

  init(_ answers: [String: [JSON]]) {
    self.answers = NIOLockedValueBox(
      answers.merging(["/v2/locations": [["locations": [["id": "L1"]]]]]) { given, _ in given })
  }

  var calls: [MarketplaceCall] { asked.withLockedValue { $0 } }
  var paths: [String] { calls.map(\.path) }

  /// The body of the last call of that path.
  func body(of path: String) -> JSON {
    let call = calls.last { $0.path == path }
    return (try? JSON.parse(call?.body ?? [])) ?? .null
  }

  func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
    asked.withLockedValue { $0.append(call) }
    let answer = answers.withLockedValue { answers -> JSON? in
      guard let left = answers[call.path], let first = left.first else { return nil }
      if left.count > 1 { answers[call.path] = Array(left.dropFirst()) }
      return first
    }
    guard let answer else { return MarketplaceAnswer(status: 404) }
    let headers = ["date": "Thu, 01 Jan 2026 12:00:10 GMT"]
    return MarketplaceAnswer(status: 200, headers: headers, body: answer.bytes)
  }

  func adapter() -> SquareAdapter {
    SquareAdapter(
      connection: .shop,
      client: MarketplaceClient(
        transport: self, authorisation: FixedAuthorisation(.init(name: "authorization", value: "Bearer t"))))
  }

  func page(_ feed: Feed, cursor: String? = nil) async throws -> FeedPage {
    let window = FeedRequest.Window(from: at("11:00:00"), to: at("12:00:30"))
    return try await adapter().page(
      FeedRequest(feed: feed, cursor: cursor, window: feed.shape == .window ? window : nil, limit: 50))
  }
}

/// That time of 2026-01-01.
func at(_ time: String) -> Timestamp { Timestamp("2026-01-01T\(time)Z") ?? .epoch }

extension MarketplaceConnection {
  static let shop = MarketplaceConnection(
    id: UUID(uuidString: "6F1C0000-0000-4000-8000-000000000003") ?? UUID(), userId: "u1", platform: .square,
    marketplaceId: 9, name: "shop", baseURL: "http://square", dialect: .live, mode: .live, start: .latest,
    syncRules: .null, realtimeEnabled: true, isEnabled: true, createdAt: at("00:00:00"), updatedAt: .epoch)
}

/// An open order with one line, after changes.
func order(_ id: String = "CAISENgvlJ6jLWAzERDzjyHVybY", _ change: (inout JSON) -> Void = { _ in }) -> JSON {
  var order: JSON = [
    "id": .string(id), "location_id": "L1", "state": "OPEN", "version": 2,
    "created_at": "2026-01-01T11:59:00.123Z", "updated_at": "2026-01-01T12:00:00.5Z",
    "line_items": [
      [
        "uid": "u-1", "catalog_object_id": "V1", "name": "Lamp", "variation_name": "Red", "quantity": "2",
        "base_price_money": ["amount": 4999, "currency": "EUR"],
      ]
    ],
    "total_money": ["amount": 9998, "currency": "EUR"],
    "tenders": [["id": "P1", "amount_money": ["amount": 9998, "currency": "EUR"]]],
  ]
  change(&order)
  return order
}

let catalogue: JSON = [
  "objects": [
    ["type": "ITEM_VARIATION", "id": "V1", "item_variation_data": ["sku": "SKU-1", "name": "Red"]]
  ]
]

/// A webhook as Square sends it, signed for an address.
func webhook(_ body: String, key: String = "signature-key", url: String = "https://x.example/webhook/1")
  -> WebhookRequest
{
  let mac = HMAC<SHA256>.authenticationCode(
    for: Array((url + body).utf8), using: SymmetricKey(data: Array(key.utf8)))
  return WebhookRequest(
    headers: ["x-square-hmacsha256-signature": Data(mac).base64EncodedString()], body: Array(body.utf8),
    receivedAt: at("12:00:02"))
}
