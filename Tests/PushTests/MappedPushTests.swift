import Marketplaces
import NIOConcurrencyHelpers
import Postgres
import StockLedger
import Testing

/// Rule 10 on the side of the marketplaces: a listing shows the stock of the SKU that it is mapped to.
struct MappedPushTests {
  private static func map(_ listing: String, at shop: Int, to sku: String, of seller: Seller) async throws {
    let id = seller.accounts[shop].id
    _ = try await seller.database.withConnection { connection in
      try Mapping.map(listing: listing, of: id, to: sku, admin: "anna", lowThreshold: 2, on: connection)
    }
    try await seller.propagateAll()
  }

  @Test func `rule 10: a listing that is mapped into a pool is brought to the pool's quantity`() async throws
  {
    try await Seller.with { seller in
      try await PushTests.opened(seller)
      seller.shelves[1].state.withLockedValue { $0.quantities["other"] = 4 }
      try await seller.book([seller.snapshot(4, of: "other", sku: nil, at: 1, secondsAgo: 50)])
      _ = try await seller.pushAll()
      #expect(seller.shelves[1].writes == [])
      try await Self.map("other", at: 1, to: "SKU", of: seller)
      _ = try await seller.pushAll()
      #expect(seller.shelves.map(\.writes) == [[], [10]])
      #expect(try await seller.outOfStep() == [])
    }
  }

  @Test func `rule 10: a listing that is mapped while it is written to ends at its new stock's quantity`()
    async throws
  {
    try await Seller.with { seller in
      try await PushTests.opened(seller)
      seller.shelves[0].state.withLockedValue { $0.quantities["offer"] = 9 }
      seller.shelves[1].state.withLockedValue { state in
        state.interruption = {
          seller.shelves[1].state.withLockedValue { $0.interruption = nil }
          do { try await Self.map("offer", at: 1, to: "ANOTHER", of: seller) } catch { Issue.record(error) }
        }
      }
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      _ = try await seller.pushAll()
      #expect(seller.shelves[1].writes.first == 9)
      #expect(try await seller.outOfStep() == [])
      // What is sold of the old SKU is nothing to it any more.
      let writes = seller.shelves[1].writes
      seller.shelves[0].state.withLockedValue { $0.quantities["offer"] = 7 }
      try await seller.book([seller.sale(2, at: 0, secondsAgo: 20)])
      _ = try await seller.pushAll()
      #expect(seller.shelves[1].writes == writes)
      #expect(try await seller.outOfStep() == [])
    }
  }
}
