import Events
import JSON
import Marketplaces
import Square
import TestShops
import Testing

/// What is written of products that come from elsewhere, where the simulated shop has no such case.
@Suite struct ProductTests {
  private static func variation(_ id: String, isDeleted: Bool = false) -> JSON {
    [
      "type": "ITEM_VARIATION", "id": .string(id), "version": 3, "is_deleted": .bool(isDeleted),
      "item_variation_data": ["item_id": "I1", "sku": .string("SKU-" + id), "name": "Red"],
    ]
  }

  private static func item(_ variations: [String]) -> JSON {
    [
      "type": "ITEM", "id": "I1", "version": 4,
      "item_data": [
        "name": "Lamp", "description": "old", "description_plaintext": "old", "category_id": "C1",
        "variations": .array(variations.map { variation($0) }),
      ],
    ]
  }

  private static func locations(_ currency: JSON) -> [JSON] {
    [["locations": [["id": "L1", "currency": currency]]]]
  }

  private static let draft = ProductDraft(
    sku: "S", title: "Better", description: "<b>new</b>", isActive: false, price: Money("12.5"))

  /// The object that was written for that draft of V1's item.
  private func written(_ variations: [String], currency: JSON = "EUR") async throws -> JSON {
    let square = ScriptedSquare([
      "/v2/locations": Self.locations(currency),
      "/v2/catalog/batch-retrieve": [
        ["objects": [Self.variation("V1")]], ["objects": [Self.item(variations)]],
      ],
      "/v2/catalog/object": [["catalog_object": [:]]],
    ])
    try await square.adapter().update(listing: "V1", to: Self.draft)
    return square.body(of: "/v2/catalog/object")["object"]
  }

  @Test func `what is not said of an item is written back as it was read`() async throws {
    let written = try await written(["V1"])
    let data = written["item_data"]
    #expect(written["version"] == 4 && data["category_id"] == "C1" && data["variations"][0]["version"] == 3)
    #expect(
      data["name"] == "Better" && data["description_html"] == "<b>new</b>" && data["is_archived"] == true)
    #expect(data["description"].isNull && data["description_plaintext"].isNull)
    let price = data["variations"][0]["item_variation_data"]
    #expect(price["price_money"] == ["amount": 1250, "currency": "EUR"] && price["sku"] == "SKU-V1")
  }

  @Test func `a variation among others changes its price only`() async throws {
    let data = try await written(["V0", "V1"])["item_data"]
    #expect(data["name"] == "Lamp" && data["description"] == "old" && data["is_archived"].isNull)
    let prices = data["variations"].array.map { $0["item_variation_data"]["price_money"]["amount"] }
    #expect(prices == [nil, 1250])
  }

  @Test func `a price is in whole units of the currency, or it is refused`() async throws {
    let dinars = try await written(["V1"], currency: "KWD")["item_data"]["variations"][0]
    #expect(dinars["item_variation_data"]["price_money"]["amount"] == 12500)
    let error = await #expect(throws: MarketplaceError.self) { try await written(["V1"], currency: "JPY") }
    #expect(error?.errorClass == .unsupported)
  }

  @Test func `an item that changed since it was read is read again later`() async throws {
    let transport = ScriptedTransport([
      "/v2/locations": .init(Self.locations("EUR")[0]),
      "/v2/catalog/batch-retrieve": .init(["objects": [Self.variation("V1"), Self.item(["V1"])]]),
      "/v2/catalog/object": .init(400, #"{"errors":[{"code":"VERSION_MISMATCH","detail":"x"}]}"#),
    ])
    let adapter = SquareAdapter(connection: .test(.square), client: transport.client)
    let error = await #expect(throws: MarketplaceError.self) {
      try await adapter.update(listing: "V1", to: Self.draft)
    }
    #expect(error?.errorClass == .conflict)
  }

  @Test func `an answer under a known key about what was deleted since is no new item`() async throws {
    func made(_ id: String) -> JSON {
      ["catalog_object": ["item_data": ["variations": [["id": .string(id)]]]]]
    }
    let square = ScriptedSquare([
      "/v2/locations": Self.locations("EUR"), "/v2/catalog/search": [[:]],
      "/v2/catalog/object": [made("V1"), made("V2")],
      "/v2/catalog/batch-retrieve": [
        ["objects": [Self.variation("V1", isDeleted: true)]], ["objects": [Self.variation("V2")]],
      ],
    ])
    #expect(try await square.adapter().create(Self.draft) == "V2")
    let keys = square.calls.filter { $0.path == "/v2/catalog/object" }.compactMap { call in
      (try? JSON.parse(call.body ?? []))?["idempotency_key"].text
    }
    #expect(Set(keys).count == 2 && keys.count == 2)
  }
}
