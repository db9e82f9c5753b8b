import Events
import Foundation
import Lane
import Postgres
import Propagation
import TestServers
import Testing
import Time

@Suite struct DetailsTests {
  private static let connection = UUID()

  private func event(_ id: String, _ type: EventType, seconds: Int64, _ data: Event.Payload) -> Event {
    Event(
      id: id, type: type, time: Timestamp(secondsSince1970: 1_760_000_000 + seconds),
      connectionId: Self.connection.uuidString.lowercased(), platform: "shopify", marketplaceId: 1,
      subjectData: data)
  }

  private func run(_ batches: [[Event]], _ sql: String) async throws -> String? {
    try await TestDatabase.with { test in
      try await test.withDatabase { database in
        try await database.withConnection { connection in
          var propagation = Propagation(logger: TestServers.silence)
          for batch in batches { _ = try LaneTransaction.run(&propagation, batch, on: connection) }
          return try connection.query(sql).first?.optionalText(0)
        }
      }
    }
  }

  @Test(arguments: [[0, 1, 2], [2, 1, 0], [1, 2, 0]])
  func `of two descriptions of an offer the later occurrence counts, in whatever order they come`(
    order: [Int]
  ) async throws {
    let events = [
      event("a", .offerCreated, seconds: 1, .offer(Offer(externalId: "o", title: "first", status: "ACTIVE"))),
      event("b", .offerUpdated, seconds: 9, .offer(Offer(externalId: "o", title: "last", status: "ACTIVE"))),
      event("c", .offerUpdated, seconds: 5, .offer(Offer(externalId: "o", title: "middle", status: "ENDED"))),
    ]
    let title = try await run(order.map { [events[$0]] }, "SELECT title || ' ' || status FROM listings")
    #expect(title == "last ACTIVE")
    #expect(try await run([order.map { events[$0] }], "SELECT title FROM listings") == "last")
  }

  @Test func `products are kept with their variants, and known to be deleted`() async throws {
    let product = Product(
      externalId: "p", title: "Shoe", variants: [.init(externalId: "v", sku: "SHOE-42", price: nil)])
    let text = try await run(
      [
        [event("d", .productDeleted, seconds: 9, .product(Product(externalId: "p")))],
        [event("c", .productCreated, seconds: 1, .product(product))],
      ], "SELECT concat_ws(' ', title, is_deleted) FROM products")
    #expect(text == "t", "what was deleted later stays deleted")
    #expect(
      try await run(
        [[event("c", .productCreated, seconds: 1, .product(product))]],
        "SELECT variants->0->>'sku' || is_deleted FROM products") == "SHOE-42false")
  }
}
