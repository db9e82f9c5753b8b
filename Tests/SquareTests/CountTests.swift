import Events
import JSON
import Marketplaces
import Square
import Testing
import Time

@Suite struct CountTests {
  func count(_ id: String, _ location: String, _ quantity: JSON, at time: String = "12:00:05") -> JSON {
    [
      "catalog_object_id": .string(id), "location_id": .string(location), "state": "IN_STOCK",
      "quantity": quantity, "calculated_at": .string("2026-01-01T" + time + "Z"),
    ]
  }

  static let path = "/v2/inventory/counts/batch-retrieve"

  @Test func `a changed count makes the whole listing be told, once for a change`() async throws {
    let square = ScriptedSquare([
      Self.path: [
        ["counts": [count("V1", "L1", "7"), count("V2", "L1", "1", at: "12:00:10")]],
        ["counts": [count("V1", "L1", "7"), count("V1", "L2", "3", at: "11:00:00")]],
      ], "/v2/catalog/batch-retrieve": [catalogue],
    ])
    let page = try await square.page(.offerEvents, cursor: at("12:00:01").description)
    #expect(page.items.map(\.raw.id) == ["count/V1@2026-01-01T12:00:05Z#10"])
    let inventory = try #require(page.events.first?.inventory)
    #expect(inventory.quantity == 10 && inventory.sku == "SKU-1" && inventory.asOf == at("12:00:10"))
    #expect(page.isLast && page.nextCursor == at("12:00:05").description)
  }

  @Test(arguments: ["2.5", "", "many"])
  func `a count that is no whole number is no quantity (19)`(quantity: String) async throws {
    let square = ScriptedSquare([
      "/v2/catalog/search": [catalogue], Self.path: [["counts": [count("V1", "L1", .string(quantity))]]],
    ])
    let page = try await square.page(.listings)
    #expect(page.listings.map(\.quantity) == [nil] && page.items.isEmpty)
  }

  @Test func `a write counts the shelf as of the reading, with its key`() async throws {
    let square = ScriptedSquare([
      Self.path: [["counts": [count("V1", "L1", "7"), count("V1", "L2", "3")]]],
      "/v2/inventory/changes/batch-create": [["counts": []]],
    ])
    let written = try await square.adapter().setQuantity(
      of: "V1", to: 2, replacing: 10, idempotencyKey: "k-1")
    #expect(written == StockWritten(quantity: 2, at: at("12:00:10")))
    let body = square.body(of: "/v2/inventory/changes/batch-create")
    #expect(body["idempotency_key"] == "k-1")
    let counts = body["changes"].array.map { $0["physical_count"] }
    #expect(
      counts.map { $0["quantity"].text } == ["0", "2"]
        && counts.map { $0["location_id"].text } == ["L1", "L2"])
    #expect(counts.allSatisfy { $0["occurred_at"].timestamp == at("12:00:10") })
    do {
      _ = try await square.adapter().setQuantity(of: "V1", to: 2, replacing: 9, idempotencyKey: "k-2")
      Issue.record("it replaced what it did not expect")
    } catch {
      #expect(error.errorClass == .conflict)
    }
  }

  @Test func `what was never counted is counted at the first location`() async throws {
    let square = ScriptedSquare([
      Self.path: [[:]], "/v2/inventory/changes/batch-create": [["counts": []]],
    ])
    _ = try await square.adapter().setQuantity(of: "V9", to: 4, replacing: nil, idempotencyKey: "k")
    let count = square.body(of: "/v2/inventory/changes/batch-create")["changes"][0]["physical_count"]
    #expect(count["location_id"] == "L1" && count["quantity"] == "4")
  }
}
