import Events
import JSON
import Time

/// What a marketplace would send on a topic, made up, in the form that its documentation shows.
struct SampleWebhook {
  private let platform: Platform
  private let topic: String
  private let make: @Sendable (Timestamp) -> JSON

  /// Nil for a topic that there is no sample of.
  init?(_ platform: Platform, topic: String) {
    guard let make = Self.samples[platform]?[topic] else { return nil }
    self.platform = platform
    self.topic = topic
    self.make = make
  }

  static func topics(of platform: Platform) -> [String] { samples[platform, default: [:]].keys.sorted() }

  func payload(at now: Timestamp) -> JSON { make(now) }

  func headers(at now: Timestamp) -> [String: String] {
    var headers = ["content-type": "application/json"]
    switch platform {
    case .shopify:
      headers["x-shopify-topic"] = topic
      headers["x-shopify-shop-domain"] = "sample.myshopify.com"
      headers["x-shopify-event-id"] = "sample-\(now.microseconds)"
      headers["x-shopify-triggered-at"] = now.description
    case .woocommerce:
      headers["x-wc-webhook-topic"] = topic
      headers["x-wc-webhook-delivery-id"] = "sample-\(now.microseconds)"
    default: break
    }
    return headers
  }

  private static let samples: [Platform: [String: @Sendable (Timestamp) -> JSON]] = [
    .shopify: [
      "products/create": shopifyProduct, "products/update": shopifyProduct,
      "products/delete": { _ in ["id": 788_032_119_674_292_922] },
      "inventory_levels/update": { now in
        [
          "inventory_item_id": 271_878_346_596_884_015, "location_id": 24_826_418, "available": 6,
          "updated_at": .time(now), "admin_graphql_api_id": "gid://shopify/InventoryLevel/24826418",
        ]
      },
      "orders/create": shopifyOrder, "orders/updated": shopifyOrder,
    ],
    .square: [
      "inventory.count.updated": { now in
        square(
          "inventory.count.updated", now,
          [
            "inventory_counts": [
              [
                "catalog_object_id": "FGQ5JJWT2PYTHF35CKZ2DSKP", "catalog_object_type": "ITEM_VARIATION",
                "state": "IN_STOCK", "location_id": "YYQR03DGCTXA4", "quantity": "10",
                "calculated_at": .time(now),
              ]
            ]
          ])
      },
      "catalog.version.updated": { now in
        square("catalog.version.updated", now, ["catalog_version": ["updated_at": .time(now)]])
      },
      "order.updated": { now in
        square(
          "order.updated", now,
          ["order_updated": ["order_id": "eA3vssLHKJrv9H0IdJCM3gNqfdcZY", "state": "OPEN", "version": 2]])
      },
    ],
    .clover: [
      "item": { now in clover("I:2P0GGGC0XMV1G", now) }, "order": { now in clover("O:5T4JWFZC9B1DY", now) },
    ],
    .woocommerce: [
      "product.updated": { now in
        [
          "id": 794, "name": "Mug", "sku": "SKU-0001", "status": "publish", "stock_quantity": 7,
          "manage_stock": true, "price": "21.99", "date_modified_gmt": .time(now),
        ]
      },
      "order.updated": { now in
        [
          "id": 727, "number": "727", "status": "processing", "currency": "EUR", "total": "29.35",
          "date_created_gmt": .time(now), "date_modified_gmt": .time(now),
          "line_items": [["id": 315, "product_id": 794, "sku": "SKU-0001", "quantity": 1, "price": "21.99"]],
        ]
      },
    ],
    .refurbed: [
      "order": { now in ["event": "order.updated", "order": ["id": "3141592"], "created_at": .time(now)] }
    ],
  ]

  @Sendable private static func shopifyProduct(_ now: Timestamp) -> JSON {
    [
      "id": 788_032_119_674_292_922, "title": "Mug", "body_html": "<b>A mug</b>", "status": "active",
      "updated_at": .time(now), "admin_graphql_api_id": "gid://shopify/Product/788032119674292922",
      "variants": [
        [
          "id": 642_667_041_472_713_922, "sku": "SKU-0001", "barcode": "4006381333931", "price": "19.99",
          "inventory_item_id": 271_878_346_596_884_015, "inventory_quantity": 6,
        ]
      ],
    ]
  }

  @Sendable private static func shopifyOrder(_ now: Timestamp) -> JSON {
    [
      "id": 820_982_911_946_154_508, "name": "#1001", "created_at": .time(now), "updated_at": .time(now),
      "cancelled_at": nil, "financial_status": "paid", "fulfillment_status": nil, "currency": "EUR",
      "total_price": "19.99", "total_tax": "3.19", "test": false, "email": "buyer@example.com",
      "line_items": [
        [
          "id": 866_550_311_766_439_020, "sku": "SKU-0001", "title": "Mug", "quantity": 1,
          "current_quantity": 1,
          "price": "19.99", "variant_id": 642_667_041_472_713_922,
        ]
      ],
    ]
  }

  private static func square(_ type: String, _ now: Timestamp, _ object: JSON) -> JSON {
    [
      "merchant_id": "6SSW7HV8K2ST5", "type": .string(type),
      "event_id": .string("sample-\(now.microseconds)"),
      "created_at": .time(now),
      "data": ["type": .string(String(type.prefix { $0 != "." })), "id": "sample", "object": object],
    ]
  }

  private static func clover(_ objectId: String, _ now: Timestamp) -> JSON {
    [
      "appId": "DRKVJT2ZRRRSC",
      "merchants": [
        "XYZVJT2ZRRRSC": [
          ["objectId": .string(objectId), "type": "UPDATE", "ts": .integer(now.millisecondsSince1970)]
        ]
      ],
    ]
  }
}
