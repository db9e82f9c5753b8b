import Events
import Foundation
import Lane
import Postgres
import StockLedger
import TestServers
import Testing
import Time

/// What people change: mapped listings, counted stock, rules.
struct ManualTests {
  /// A registered connection with events at small moments.
  private struct Desk {
    let connection: Connection
    let ids: [UUID]
    var ledger = StockLedger(lowThreshold: 2, logger: TestServers.silence)

    init(url: String, pooled: Bool, count: Int = 1) throws {
      connection = try Connection.open(url, name: "tests")
      ids = (0..<count).map { _ in UUID() }
      for (number, id) in ids.enumerated() {
        try connection.query(
          """
          INSERT INTO platform_connections (id, user_id, platform, name, base_url, sync_rules)
          VALUES ($1, 'seller', 'backmarket', $2, 'http://x', jsonb_build_object('propagateInventory', $3::bool))
          """, [id, "shop \(number)", pooled])
      }
    }

    func moment(_ seconds: Int64) -> Timestamp { Timestamp(secondsSince1970: 1_760_000_000 + seconds * 100) }

    mutating func book(
      _ id: String, _ type: EventType, at shop: Int = 0, _ seconds: Int64, _ data: Event.Payload
    )
      throws
    {
      let key = ids[shop].uuidString.lowercased()
      let event = Event(
        id: "backmarket:\(key):\(id)", type: type, time: moment(seconds), connectionId: key,
        platform: "backmarket", observedAt: moment(seconds), subjectData: data)
      try commit(&ledger, [event], on: connection)
    }

    mutating func snapshot(
      _ quantity: Int, of listing: String, sku: String?, at shop: Int = 0, _ seconds: Int64
    ) throws {
      try book(
        "snapshot-\(listing)-\(seconds)", .inventoryUpdated, at: shop, seconds,
        .inventory(Inventory(listingId: listing, sku: sku, quantity: quantity, asOf: moment(seconds))))
    }

    mutating func sale(
      _ quantity: Int, of listing: String, sku: String?, at shop: Int = 0, _ seconds: Int64,
      cancelled: Bool = false
    )
      throws
    {
      var order = Order(
        externalId: "order-\(listing)", status: cancelled ? .cancelled : .new, updatedAt: moment(seconds))
      order.lines = [OrderLine(externalId: "line", listingId: listing, sku: sku, quantity: quantity)]
      try book(
        "order-\(listing)-\(seconds)", cancelled ? .orderCancelled : .orderCreated, at: shop, seconds,
        .order(order))
    }

    func stock(_ sku: String) throws -> [Int] {
      try connection.query(
        """
        SELECT s.on_hand, coalesce((SELECT sum(quantity_change) FROM stock_history h
                                     WHERE h.marketplace_stock_id = s.id), 0)::bigint
          FROM marketplace_stock s JOIN variations v ON v.id = s.variation_id
         WHERE v.sku = $1 ORDER BY s.marketplace_id
        """, [sku]
      ).map { row in
        #expect(row.int(0) == row.int(1), "the history adds up")
        return row.int(0)
      }
    }
  }

  private func with(
    pooled: Bool = false, count: Int = 1, _ body: @escaping @Sendable (inout Desk) throws -> Void
  ) async throws {
    try await TestDatabase.with { test in
      let url = test.url
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        Thread {
          continuation.resume(
            with: Result {
              var desk = try Desk(url: url, pooled: pooled, count: count)
              try body(&desk)
            })
        }.start()
      }
    }
  }

  @Test
  func `rule 10: a listing that is mapped takes along what was booked of it, and its order goes on there`()
    async throws
  {
    try await with { desk in
      try desk.snapshot(10, of: "known", sku: "SKU", 1)
      try desk.sale(3, of: "unknown", sku: nil, 2)
      #expect(try desk.stock("SKU") == [10])
      #expect(try desk.stock("listing:unknown") == [-3])
      let change = try Mapping.map(
        listing: "unknown", of: desk.ids[0], to: "SKU", admin: "anna", lowThreshold: 2, on: desk.connection)
      #expect(change == -3)
      #expect(try desk.stock("SKU") == [7])
      #expect(try desk.stock("listing:unknown") == [0])
      try desk.sale(3, of: "unknown", sku: nil, 3, cancelled: true)
      #expect(try desk.stock("SKU") == [10])
      try desk.snapshot(4, of: "unknown", sku: nil, 4)
      #expect(try desk.stock("SKU") == [14])
    }
  }

  @Test func `a listing that is mapped into a pool joins it with its sales`() async throws {
    try await with(pooled: true, count: 2) { desk in
      try desk.snapshot(10, of: "a", sku: "SKU", at: 0, 1)
      try desk.snapshot(8, of: "b", sku: nil, at: 1, 2)
      try desk.sale(1, of: "b", sku: nil, at: 1, 3)
      #expect(try desk.stock("listing:b") == [7])
      _ = try Mapping.map(
        listing: "b", of: desk.ids[1], to: "SKU", admin: nil, lowThreshold: 2, on: desk.connection)
      #expect(try desk.stock("SKU") == [9, 9])
      #expect(try desk.stock("listing:b") == [0])
    }
  }

  @Test func `what was counted is set once, at every marketplace that shares it`() async throws {
    try await with(pooled: true, count: 2) { desk in
      try desk.snapshot(10, of: "a", sku: "SKU", at: 0, 1)
      try desk.snapshot(10, of: "b", sku: "SKU", at: 1, 2)
      let change = try ManualStock.set(
        sku: "SKU", to: 12, at: desk.ids[1], admin: "anna", note: "counted", lowThreshold: 2,
        on: desk.connection)
      #expect(change == 2)
      #expect(try desk.stock("SKU") == [12, 12])
      // Rule 7: what the marketplace was not told yet is not absorbed by what it says.
      try desk.snapshot(10, of: "a", sku: "SKU", at: 0, 3)
      #expect(try desk.stock("SKU") == [12, 12])
    }
  }

  @Test
  func `stocks that are shared from now on begin with the least, and one that leaves keeps what it had`()
    async throws
  {
    try await with(count: 2) { desk in
      try desk.snapshot(10, of: "a", sku: "SKU", at: 0, 1)
      try desk.snapshot(7, of: "b", sku: "SKU", at: 1, 2)
      #expect(try desk.stock("SKU") == [10, 7])
      try desk.connection.query(
        #"UPDATE platform_connections SET sync_rules = '{"propagateInventory": true}'"#)
      try Pools.settle(connectionId: desk.ids[0], on: desk.connection)
      #expect(try desk.stock("SKU") == [7, 7])
      try desk.connection.query(
        "UPDATE platform_connections SET sync_rules = '{}' WHERE id = $1", [desk.ids[1]])
      try Pools.settle(connectionId: desk.ids[1], on: desk.connection)
      // Sales of now, since those of long ago belong to what was before.
      let soon = (Timestamp.now() - desk.moment(0)).components.seconds / 100 + 1
      try desk.sale(1, of: "a", sku: "SKU", at: 0, soon)
      try desk.sale(2, of: "b", sku: "SKU", at: 1, soon)
      #expect(try desk.stock("SKU") == [6, 5])
    }
  }

  @Test
  func `a top-up of a SKU that no listing is known of is in the first reading, where we never push`()
    async throws
  {
    try await with { desk in
      try desk.book("topup", .stockTopup, 1, .topup(Topup(sku: "SKU", quantity: 5)))
      #expect(try desk.stock("SKU") == [5])
      try desk.snapshot(12, of: "offer", sku: "SKU", 2)
      #expect(try desk.stock("SKU") == [12])
      // What was booked in after the reading is not in it, and neither is what a second listing says.
      try desk.book("more", .stockTopup, 3, .topup(Topup(sku: "SKU", quantity: 2)))
      try desk.snapshot(4, of: "second offer", sku: "SKU", 4)
      #expect(try desk.stock("SKU") == [18])
    }
  }

  @Test func `a top-up of a shared stock is on top of the first reading, which can't contain it`()
    async throws
  {
    try await with(pooled: true, count: 2) { desk in
      try desk.book("topup", .stockTopup, 1, .topup(Topup(sku: "SKU", quantity: 5)))
      try desk.snapshot(12, of: "offer", sku: "SKU", 2)
      #expect(try desk.stock("SKU") == [17])
      try desk.snapshot(12, of: "offer", sku: "SKU", at: 1, 3)
      #expect(try desk.stock("SKU") == [17, 17])
    }
  }

  @Test func `a listing that is mapped to a SKU with top-ups only takes them over`() async throws {
    try await with { desk in
      try desk.book("topup", .stockTopup, 2, .topup(Topup(sku: "SKU", quantity: 5)))
      try desk.snapshot(10, of: "unknown", sku: nil, 1)
      _ = try Mapping.map(
        listing: "unknown", of: desk.ids[0], to: "SKU", admin: nil, lowThreshold: 2, on: desk.connection)
      #expect(try desk.stock("SKU") == [15])
      try desk.snapshot(15, of: "unknown", sku: nil, 3)
      #expect(try desk.stock("SKU") == [15])
    }
  }

  @Test func `a shared stock that was counted before its first reading is not added to by it`() async throws {
    try await with(pooled: true, count: 2) { desk in
      _ = try ManualStock.set(
        sku: "SKU", to: 12, at: desk.ids[0], admin: "anna", note: "counted", lowThreshold: 2,
        on: desk.connection)
      let soon = (Timestamp.now() - desk.moment(0)).components.seconds / 100 + 1
      try desk.snapshot(10, of: "offer", sku: "SKU", soon)
      #expect(try desk.stock("SKU") == [12])
      try desk.sale(1, of: "offer", sku: "SKU", soon + 1)
      #expect(try desk.stock("SKU") == [11])
    }
  }
}
