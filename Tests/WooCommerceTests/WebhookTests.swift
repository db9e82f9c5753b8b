import Crypto
import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time
import WooCommerce

import struct Foundation.Data

@Suite struct WebhookTests {
  let reader = WooCommerceWebhooks()
  let keys = WebhookKeys(secrets: ["secret"], url: "https://x.example/webhook/woocommerce/1")

  func webhook(_ topic: String?, _ body: String, delivery: String = "d-1") -> WebhookRequest {
    let code = HMAC<SHA256>.authenticationCode(
      for: Array(body.utf8), using: SymmetricKey(data: Array("secret".utf8)))
    var headers = [
      "x-wc-webhook-signature": Data(code).base64EncodedString(), "x-wc-webhook-delivery-id": delivery,
    ]
    headers["x-wc-webhook-topic"] = topic
    return WebhookRequest(
      headers: headers, body: Array(body.utf8), receivedAt: Timestamp(secondsSince1970: 1_767_268_810))
  }

  func items(_ topic: String, _ json: JSON, delivery: String = "d-1") throws -> [FeedItem] {
    let request = webhook(topic, json.description, delivery: delivery)
    guard case .items(let items) = try reader.read(request, for: .test(.woocommerce), filter: .standard)
    else {
      return []
    }
    return items
  }

  @Test func `18 the raw bytes are what is signed, not what they mean`() {
    let request = webhook("order.updated", #"{"id":1,"note":"\u0026 \/ 😀"}"#)
    #expect(reader.isGenuine(request, keys: keys))
    var rewritten = request
    rewritten.body = Array(#"{"id":1,"note":"& / 😀"}"#.utf8)
    #expect(!reader.isGenuine(rewritten, keys: keys))
    #expect(!reader.isGenuine(request, keys: .init(secrets: ["other", ""], url: "")))
  }

  @Test func `the first call of a new webhook is greeted, and no other`() {
    #expect(reader.handshake(webhook(nil, "webhook_id=5")) == [:])
    #expect(reader.handshake(webhook(nil, "webhook_id=5&x=1")) == nil)
    #expect(reader.handshake(webhook(nil, #"{"id":1}"#)) == nil)
    #expect(reader.handshake(webhook("order.updated", "webhook_id=5")) == nil)
  }

  @Test func `an order by webhook is the same item as in the list`() async throws {
    let json = order("processing")
    let (listed, hooked) = (try await read(json), try #require(try items("order.updated", json).first))
    #expect(listed.raw == hooked.raw)
    #expect(listed.order == hooked.order)
  }

  @Test func `25 a webhook that comes again has the same ids`() throws {
    let product: JSON = [
      "id": 93, "name": "Lamp", "type": "simple", "sku": "SKU-1", "manage_stock": true, "stock_quantity": 4,
      "date_modified_gmt": "2026-01-01T12:00:05", "price": "5.00", "status": "publish", "variations": [],
    ]
    let (first, again) = (try items("product.updated", product), try items("product.updated", product))
    #expect(first == again && first.count == 2)
    guard case .event(let event)? = first.last?.meaning, case .inventory(let inventory) = event.subjectData
    else {
      Issue.record("no inventory")
      return
    }
    #expect(inventory.quantity == 4 && inventory.listingId == "93" && inventory.sku == "SKU-1")
    #expect(inventory.asOf == Timestamp("2026-01-01T12:00:05Z"))
    #expect(try items("product.updated", product, delivery: "d-2").first?.raw.id != first.first?.raw.id)
  }

  @Test func `of a product with variations these are asked for`() throws {
    let product: JSON = ["id": 93, "type": "variable", "variations": [101, 102], "manage_stock": false]
    let request = webhook("product.updated", product.description)
    guard case .fetch(_, let subjects) = try reader.read(request, for: .test(.woocommerce), filter: .standard)
    else {
      Issue.record("nothing to fetch")
      return
    }
    #expect(subjects == [.listing("93/101"), .listing("93/102")])
  }

  @Test func `a variation's own change is its listing's`() throws {
    let variation: JSON = [
      "id": 101, "parent_id": 93, "type": "variation", "sku": "S", "manage_stock": true, "stock_quantity": 3,
      "date_modified_gmt": "2026-01-01T12:00:05",
    ]
    guard case .event(let event)? = try items("product.updated", variation).last?.meaning,
      case .inventory(let inventory) = event.subjectData
    else {
      Issue.record("no inventory")
      return
    }
    #expect(inventory.listingId == "93/101" && inventory.quantity == 3)
  }

  @Test func `a stock that WooCommerce does not manage is no quantity`() throws {
    let product: JSON = ["id": 93, "type": "simple", "manage_stock": false, "stock_quantity": nil]
    #expect(try items("product.created", product).count == 1)
  }

  @Test func `what nobody has a use for is kept and skipped`() throws {
    #expect(try items("coupon.created", ["id": 1]).first?.reason?.contains("coupon.created") == true)
    #expect(try items("order.deleted", ["id": 1]).first?.reason != nil)
    #expect(throws: MarketplaceError.self) {
      try reader.read(webhook("order.updated", "id=1"), for: .test(.woocommerce), filter: .standard)
    }
  }
}
