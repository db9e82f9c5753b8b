import Crypto
import Events
import JSON
import Marketplaces
import NIOConcurrencyHelpers
import Shopify
import Time

import struct Foundation.Data
import struct Foundation.UUID

/// A Shopify that answers each operation, by its name, with what is written down for it; the last answer stays.
final class ScriptedShopify: MarketplaceTransport {
  private let answers: NIOLockedValueBox<[String: [JSON]]>
  private let asked = NIOLockedValueBox<[Asked]>([])
  static let date = "Thu, 01 Jan 2026 12:00:10 GMT"

  struct Asked: Sendable {
    var name: String
    var variables: JSON
    var call: MarketplaceCall
  }

  init(_ answers: [String: [JSON]]) {
    self.answers = NIOLockedValueBox(answers)
  }

  var calls: [Asked] { asked.withLockedValue { $0 } }

  func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
    let body = (try? JSON.parse(call.body ?? [])) ?? .null
    let words = (body["query"].text ?? "").split { !$0.isLetter }
    let name = words.count > 1 ? String(words[1]) : ""
    asked.withLockedValue { $0.append(Asked(name: name, variables: body["variables"], call: call)) }
    let answer = answers.withLockedValue { answers -> JSON? in
      guard let left = answers[name], let first = left.first else { return nil }
      if left.count > 1 { answers[name] = Array(left.dropFirst()) }
      return first
    }
    guard let answer else { return MarketplaceAnswer(status: 404) }
    return MarketplaceAnswer(status: 200, headers: ["date": Self.date], body: answer.bytes)
  }

  func adapter(filter: OrderFilter = .standard) -> ShopifyAdapter {
    ShopifyAdapter(
      connection: .shop,
      client: MarketplaceClient(
        transport: self,
        authorisation: FixedAuthorisation(.init(name: "x-shopify-access-token", value: "shpat"))),
      filter: filter)
  }

  /// The first page of a window of orders.
  func orders(limit: Int = 50, filter: OrderFilter = .standard) async throws -> FeedPage {
    let window = FeedRequest.Window(from: at("11:00:00"), to: at("12:00:30"))
    return try await adapter(filter: filter).page(FeedRequest(feed: .orders, window: window, limit: limit))
  }
}

/// That time of 2026-01-01.
func at(_ time: String) -> Timestamp { Timestamp("2026-01-01T\(time)Z") ?? .epoch }

extension MarketplaceConnection {
  static let shop = MarketplaceConnection(
    id: UUID(uuidString: "6F1C0000-0000-4000-8000-000000000002") ?? UUID(), userId: "u1", platform: .shopify,
    marketplaceId: 8, name: "shop", baseURL: "http://shopify", dialect: .live, mode: .live, start: .latest,
    syncRules: .null, realtimeEnabled: true, isEnabled: true, createdAt: at("00:00:00"), updatedAt: .epoch)
}

/// An answer with a page of that field.
func page(_ field: String, _ nodes: [JSON], next: String? = nil) -> JSON {
  let info: JSON = ["hasNextPage": .bool(next != nil), "endCursor": .text(next)]
  return ["data": .object([field: ["nodes": .array(nodes), "pageInfo": info]])]
}

func refusal(_ code: String, cost: JSON = nil) -> JSON {
  [
    "errors": [["message": .string(code.lowercased()), "extensions": ["code": .string(code)]]],
    "extensions": ["cost": cost],
  ]
}

/// An order of the GraphQL API with one line, after changes.
func order(_ id: String = "820982911946154508", _ change: (inout JSON) -> Void = { _ in }) -> JSON {
  var order: JSON = [
    "id": .string("gid://shopify/Order/" + id), "name": "#1001", "createdAt": "2026-01-01T11:59:00Z",
    "updatedAt": "2026-01-01T12:00:00Z", "cancelledAt": nil, "displayFinancialStatus": "PAID",
    "displayFulfillmentStatus": "UNFULFILLED", "test": false, "currencyCode": "EUR", "email": "b@example.com",
    "totalPriceSet": ["shopMoney": ["amount": "123.45"]], "totalTaxSet": nil,
    "totalShippingPriceSet": ["shopMoney": ["amount": "9.99"]], "customer": nil, "shippingAddress": nil,
    "lineItems": ["nodes": [line("1")], "pageInfo": ["hasNextPage": false, "endCursor": nil]],
    "fulfillments": [],
  ]
  change(&order)
  return order
}

func line(_ id: String, quantity: JSON = 2, current: JSON = 2, variant: JSON = "39072856") -> JSON {
  [
    "id": .string("gid://shopify/LineItem/" + id), "sku": .string("SKU-" + id), "title": "Lamp",
    "quantity": quantity, "currentQuantity": current,
    "variant": variant.text.map { ["id": .string("gid://shopify/ProductVariant/" + $0)] } ?? nil,
    "originalUnitPriceSet": ["shopMoney": ["amount": "49.99"]],
  ]
}

// MARK: Webhooks

/// A webhook as Shopify sends it, signed with a secret.
func webhook(
  _ topic: String, _ body: String, secret: String = "hush", eventId: String? = "e-1",
  triggeredAt: String? = "2026-01-01T12:00:01.5Z", receivedAt: String = "12:00:02"
) -> WebhookRequest {
  let mac = HMAC<SHA256>.authenticationCode(
    for: Array(body.utf8), using: SymmetricKey(data: Array(secret.utf8)))
  var headers = [
    "x-shopify-topic": topic, "x-shopify-hmac-sha256": Data(mac).base64EncodedString(),
    "x-shopify-shop-domain": "shop.myshopify.com",
  ]
  headers["x-shopify-event-id"] = eventId
  headers["x-shopify-triggered-at"] = triggeredAt
  return WebhookRequest(headers: headers, body: Array(body.utf8), receivedAt: at(receivedAt))
}

/// The one item that a webhook makes.
func item(of request: WebhookRequest, filter: OrderFilter = .standard) throws -> FeedItem? {
  let reading = try ShopifyWebhookReader().read(request, for: .shop, filter: filter)
  guard case .items(let items) = reading, items.count == 1 else { return nil }
  return items.first
}
