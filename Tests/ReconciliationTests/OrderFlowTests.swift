import Marketplaces
import TestShops
import Testing
import Time

@Suite struct OrderFlowTests {
  @Test func `reconciliations in the middle of a running order flow leave no difference`() async throws {
    try await Counter.with(listings: 60) { counter in
      var last = 0
      for round in 0..<8 {
        counter.shop.wait(.seconds(4))
        // In turns: what was sold is heard of before the listings are read, after it, and only much later.
        if round % 3 != 1 { try await counter.poll(round == 0 ? .listings : .orders, number: round) }
        if round % 2 == 1 { try await counter.reconcile() }
        if round % 3 != 2 { last = try await counter.work(after: last) }
        counter.shop.wait(.milliseconds(700))
        if round % 4 == 2 { try await counter.reconcile() }
      }
      counter.shop.stop()
      try await counter.poll(.orders, number: 8)
      last = try await counter.work(after: last)
      // Of a sale within three seconds of a reading nobody knows whether it was in it: the ledger asks for another.
      counter.shop.wait(.seconds(5))
      try await counter.poll(.listings, number: 9)
      _ = try await counter.work(after: last)
      #expect(try await counter.onHand() == counter.shop.stock())
      #expect(try counter.shop.orders().count > 100)
      #expect(
        try await counter.text("SELECT concat_ws(' ', count(*), min(status)) FROM reconciliations")
          == "6 done")
    }
  }
}
