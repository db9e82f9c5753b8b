import StockLedger
import Testing
import Time

private func at(_ seconds: Int64) -> Timestamp { Timestamp(secondsSince1970: seconds) }
private func snapshot(_ quantity: Int, _ seconds: Int64, _ location: String = "") -> Base {
  Base(at: at(seconds), kind: .snapshot, quantity: quantity, id: "s\(seconds)\(location)", location: location)
}
private func push(_ quantity: Int, _ seconds: Int64) -> Base {
  Base(at: at(seconds), kind: .push, quantity: quantity, id: "p\(seconds)")
}

struct BasesTests {
  @Test func `rule 6: a debt is not erased by our own push`() {
    // On hand 1, sold 3, pushed 0, the marketplace echoes 0, the sale is cancelled.
    let facts = ListingFacts(
      bases: [snapshot(1, 1), push(0, 12), snapshot(0, 13)], steps: [(at(10), -3), (at(20), 3)])
    #expect(facts.share == 1)
  }

  @Test func `rule 7: a top-up that was not pushed yet is not absorbed by a snapshot`() {
    let facts = ListingFacts(bases: [snapshot(10, 1), snapshot(10, 12)])
    #expect(facts.share + 5 == 15)
  }

  @Test func `rule 8: a sale that our push overwrote is still a sale`() {
    let facts = ListingFacts(bases: [snapshot(8, 1), push(8, 20), snapshot(8, 25)], steps: [(at(19), -1)])
    #expect(facts.share == 7)
  }

  @Test func `a step at the moment of a snapshot is in the snapshot`() {
    #expect(ListingFacts(bases: [snapshot(8, 15)], steps: [(at(15), -2), (at(16), -1)]).share == 7)
  }

  @Test func `an older snapshot than the last changes nothing`() {
    #expect(ListingFacts(bases: [snapshot(8, 15), snapshot(99, 10)], steps: [(at(12), -2)]).share == 8)
  }

  @Test func `a listing's quantity is the sum over its locations`() {
    let facts = ListingFacts(
      bases: [snapshot(5, 10, "north"), snapshot(3, 11, "south"), snapshot(4, 20, "north")])
    #expect(facts.share == 7)
  }
}
