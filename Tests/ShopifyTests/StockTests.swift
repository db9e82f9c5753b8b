import Events
import JSON
import Marketplaces
import Shopify
import Testing
import Time

@Suite struct StockTests {
  /// The levels of a variant at two locations.
  static func levels(_ first: Int, _ second: Int) -> JSON {
    func level(_ name: String, _ quantity: Int) -> JSON {
      [
        "location": ["id": .string(name)],
        "quantities": [["name": "available", "quantity": .integer(quantity)]],
      ]
    }
    let item: JSON = [
      "id": "gid://shopify/InventoryItem/9",
      "inventoryLevels": ["nodes": [level("a", first), level("b", second)]],
    ]
    return ["data": ["productVariant": ["inventoryItem": item]]]
  }

  static func done(_ errors: JSON = []) -> JSON {
    ["data": ["inventorySetQuantities": ["userErrors": errors]]]
  }

  @Test func `a write names what it replaces at each location, and carries the key`() async throws {
    let shop = ScriptedShopify(["Levels": [Self.levels(5, 3)], "SetQuantities": [Self.done()]])
    let written = try await shop.adapter().setQuantity(of: "7", to: 2, replacing: 8, idempotencyKey: "k-1")
    #expect(written == StockWritten(quantity: 2, at: at("12:00:10")))
    let asked = try #require(shop.calls.last)
    #expect(asked.variables["key"] == "k-1" && asked.variables["input"]["name"] == "available")
    let quantities: JSON = [
      [
        "inventoryItemId": "gid://shopify/InventoryItem/9", "locationId": "a", "quantity": 0,
        "changeFromQuantity": 5,
      ],
      [
        "inventoryItemId": "gid://shopify/InventoryItem/9", "locationId": "b", "quantity": 2,
        "changeFromQuantity": 3,
      ],
    ]
    #expect(asked.variables["input"]["quantities"] == quantities)
  }

  @Test func `another quantity than expected is a conflict, before and during the write`() async throws {
    let before = ScriptedShopify(["Levels": [Self.levels(5, 3)]])
    let during = ScriptedShopify([
      "Levels": [Self.levels(5, 3)],
      "SetQuantities": [
        Self.done([["code": "CHANGE_FROM_QUANTITY_STALE", "message": "stale", "field": nil]])
      ],
    ])
    for shop in [before, during] {
      do {
        _ = try await shop.adapter().setQuantity(
          of: "7", to: 2, replacing: shop === before ? 7 : nil, idempotencyKey: "k")
        Issue.record("it wrote")
      } catch {
        #expect(error.errorClass == .conflict)
      }
    }
    #expect(before.calls.count == 1)
  }

  @Test func `what is there already is not written again`() async throws {
    let shop = ScriptedShopify(["Levels": [Self.levels(5, 3)]])
    let written = try await shop.adapter().setQuantity(of: "7", to: 8, replacing: nil, idempotencyKey: "k")
    #expect(written.quantity == 8 && shop.calls.count == 1)
  }

  @Test func `a changed product gives the stock of its variants, once for a change`() async throws {
    func product(_ id: String, _ updatedAt: String, stock: JSON, tracked: Bool = true) -> JSON {
      let variant: JSON = [
        "id": .string("gid://shopify/ProductVariant/" + id), "sku": .string("S" + id),
        "title": "Default Title",
        "price": "9.90", "inventoryQuantity": stock, "inventoryItem": ["id": "i", "tracked": .bool(tracked)],
        "product": ["id": "p", "title": "Lamp", "status": "ACTIVE"],
      ]
      return [
        "id": "gid://shopify/Product/1", "updatedAt": .string("2026-01-01T" + updatedAt + "Z"),
        "variants": ["nodes": [variant], "pageInfo": ["hasNextPage": false]],
      ]
    }
    let shop = ScriptedShopify([
      "ChangedProducts": [
        page(
          "products",
          [
            product("1", "12:00:05", stock: 4), product("2", "12:00:06", stock: 4, tracked: false),
            product("3", "12:00:10", stock: 9),
          ])
      ]
    ])
    let cursor = at("12:00:01").description
    let read = try await shop.adapter().page(FeedRequest(feed: .offerEvents, cursor: cursor, limit: 100))
    #expect(shop.calls.first?.variables["query"] == "updated_at:>='2026-01-01T11:59:51Z'")
    #expect(read.items.map(\.raw.id) == ["product-change/1@2026-01-01T12:00:05Z#4"])
    #expect(
      read.events.first?.inventory?.quantity == 4 && read.events.first?.inventory?.asOf == at("12:00:10"))
    #expect(read.isLast && read.nextCursor == at("12:00:06").description)
  }
}
