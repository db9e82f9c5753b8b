import Clover
import Events
import Marketplaces
import Refurbed
import Shopify
import Square
import TestServers
import TestShops
import Testing
import Time
import WooCommerce

/// Damaged bodies before every reader of webhooks: a signature says who sent a body, not that it makes sense.
struct WebhookFuzzTests {
  private static let shopifyOrder = #"""
    {"id":820982911946154508,"name":"#1001","created_at":"2026-01-01T13:00:00+01:00",
     "updated_at":"2026-01-01T13:00:01+01:00","cancelled_at":null,"financial_status":"paid","test":false,
     "currency":"EUR","total_price":"123.45","total_tax":"0.00","email":"b@example.com",
     "shipping_lines":[{"price":"9.99"}],"fulfillments":[{"tracking_number":"T1"}],
     "refunds":[{"created_at":"2026-01-01T13:00:01+01:00","refund_line_items":[{"line_item_id":11,"quantity":1,
     "restock_type":"return"}]}],"line_items":[{"id":11,"variant_id":39072856,"sku":"S-1","title":"Lamp",
     "quantity":2,"current_quantity":1,"price":"56.73"}]}
    """#
  private static let shopifyProduct = #"""
    {"id":7,"title":"Lamp","body_html":"<b>x</b>","status":"active","updated_at":"2026-01-01T13:00:01+01:00",
     "variants":[{"id":39072856,"sku":"S-1","barcode":"4","price":"56.73","inventory_quantity":4}]}
    """#
  private static let wooOrder = #"""
    {"id":12,"number":"12","status":"processing","currency":"EUR","date_created_gmt":"2026-01-01T12:00:00",
     "date_modified_gmt":"2026-01-01T12:00:05","total":"10.00","total_tax":"1.90","shipping_total":"4.99",
     "date_paid_gmt":"2026-01-01T12:00:05","billing":{"first_name":"A","last_name":"B","email":"a@b.example"},
     "shipping":{"city":"Y"},"refunds":[{"id":3,"total":"-1"}],
     "line_items":[{"id":1,"product_id":93,"variation_id":0,"name":"Lamp","quantity":2,"sku":"S","price":5.0}]}
    """#
  private static let wooProduct = #"""
    {"id":93,"name":"Lamp","type":"simple","sku":"SKU-1","manage_stock":true,"stock_quantity":4,
     "date_modified_gmt":"2026-01-01T12:00:05","price":"5.00","status":"publish","variations":[]}
    """#

  private static func square(_ type: String, _ object: String) -> String {
    #"{"event_id":"e","type":"\#(type)","created_at":"2026-01-01T12:00:00.808603647Z","data":{"id":"1","object":\#(object)}}"#
  }

  private typealias Case = (topic: String, body: String)

  private static let shopify: [Case] = [
    ("orders/create", shopifyOrder), ("orders/cancelled", shopifyOrder), ("products/update", shopifyProduct),
    ("refunds/create", #"{"id":1,"order_id":820982911946154508}"#), ("products/delete", #"{"id":7}"#),
    (
      "disputes/create", #"{"id":1,"order_id":2,"reason":"fraudulent","initiated_at":"2026-01-01T13:00:00Z"}"#
    ),
    ("inventory_levels/update", #"{"inventory_item_id":1,"location_id":2,"available":4}"#),
  ]
  private static let woo: [Case] = [
    ("order.updated", wooOrder), ("product.updated", wooProduct), ("product.deleted", #"{"id":93}"#),
  ]
  private static let squares: [Case] = [
    ("", square("order.updated", #"{"order_updated":{"order_id":"O1","state":"OPEN"}}"#)),
    ("", square("inventory.count.updated", #"{"inventory_counts":[{"catalog_object_id":"V1"}]}"#)),
    ("", square("dispute.created", "{}")),
  ]
  private static let clover: [Case] = [
    ("", #"{"appId":"A","merchants":{"MID1":[{"objectId":"I:1","type":"UPDATE","ts":1767268805000}]}}"#)
  ]
  private static let refurbed: [Case] = [
    ("", #"{"event":"order.created","order_id":9007199254740993,"occurred_at":"2026-01-01T12:00:00Z"}"#)
  ]

  @Test func `Shopify's damaged webhooks never trap, and their events are ones that consumers can read`() {
    Self.fuzz(ShopifyWebhookReader(), .shopify, Self.shopify)
  }

  @Test func `WooCommerce's damaged webhooks never trap, and their events are ones that consumers can read`()
  {
    Self.fuzz(WooCommerceWebhooks(), .woocommerce, Self.woo)
  }

  @Test func `damaged webhooks of Square, Clover and Refurbed never trap`() {
    Self.fuzz(SquareWebhookReader(), .square, Self.squares)
    Self.fuzz(CloverWebhooks(), .clover, Self.clover)
    Self.fuzz(RefurbedWebhooks(), .refurbed, Self.refurbed)
  }

  private static func fuzz(_ reader: some WebhookReader, _ platform: Platform, _ cases: [Case]) {
    let seed = SplitMix.seedOfThisRun
    let connection = MarketplaceConnection.test(platform, baseURL: "https://shop.example/v3/merchants/MID1")
    for (topic, body) in cases {
      var understood = 0
      let found = Fuzz.search([Array(body.utf8)], seed: seed, for: .milliseconds(200)) { bytes in
        let headers = [
          "x-shopify-topic": topic, "x-wc-webhook-topic": topic, "x-shopify-event-id": "e-1",
          "x-wc-webhook-delivery-id": "d-1",
        ]
        let request = WebhookRequest(
          headers: headers, body: bytes, receivedAt: Timestamp(secondsSince1970: 1_767_268_810))
        _ = reader.handshake(request)
        _ = reader.isGenuine(request, keys: WebhookKeys(secrets: ["secret"], url: "https://x.example"))
        guard let reading = try? reader.read(request, for: connection, filter: .standard) else {
          return false
        }
        understood += 1
        guard case .items(let items) = reading else { return false }
        // An empty text is nothing to who reads the event: what was read once stays as it is.
        return items.compactMap(\.event).contains { event in
          guard let heard = try? Event.decode(event.encode()) else { return true }
          return (try? Event.decode(heard.encode())) != heard
        }
      }
      #expect(
        found.failure.map { String(decoding: $0, as: UTF8.self) } == nil, "\(platform) \(topic), seed \(seed)"
      )
      #expect(found.tried > 100 && understood > 10)
    }
  }
}
