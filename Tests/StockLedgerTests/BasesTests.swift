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

  @Test func `a sale that its snapshot already contains counts once, though its moment is a little later`() {
    let facts = ListingFacts(bases: [snapshot(10, 1), snapshot(9, 20)], steps: [(at(21), -1)])
    #expect(facts.share == 9)
    #expect(!facts.isInDoubt)
  }

  @Test func `half of a moment's steps accounts for nothing`() {
    // Two lines of one order, of which the snapshot would contain one only: something else has happened.
    let facts = ListingFacts(bases: [snapshot(10, 1), snapshot(9, 20)], steps: [(at(21), -1), (at(21), -2)])
    #expect(facts.share == 6)
    #expect(facts.isInDoubt)
  }

  @Test func `rule 9: a sale in the second of our push counts once, whether the push overwrote it or not`() {
    let overwritten = ListingFacts(
      bases: [snapshot(10, 1), push(8, 20), snapshot(8, 30)], steps: [(at(21), -1)])
    let later = ListingFacts(bases: [snapshot(10, 1), push(8, 20), snapshot(7, 30)], steps: [(at(19), -1)])
    // The push to 8 was for two pieces that were sold elsewhere; here only the listing's own sale counts.
    #expect(overwritten.share == 9)
    #expect(later.share == 9)
  }

  @Test func `rule 9: a snapshot that was read while our push was under way is no base`() {
    let facts = ListingFacts(bases: [snapshot(10, 1), snapshot(9, 20), push(9, 20)])
    #expect(facts.share == 10)
    #expect(facts.isUnderPush(snapshot(9, 20)))
  }

  @Test func `rule 33: pushes of one second count in the order in which they were sent`() {
    let second = [(9, 8), (10, 5)].map { turn, quantity in
      Base(at: at(12), kind: .push, quantity: quantity, id: "push/7@\(turn)")
    }
    for bases in [second, second.reversed()] {
      let facts = ListingFacts(bases: [snapshot(10, 8)] + bases)
      #expect(facts.expected == 5)
      // The reading of it later on is no loss of three.
      #expect(ListingFacts(bases: facts.bases + [snapshot(5, 20)]).share == facts.share)
    }
  }

  @Test func `rule 34: the late echo of a push does not bring it back`() {
    let facts = ListingFacts(bases: [snapshot(10, 1), push(8, 20), push(10, 40), snapshot(8, 25)])
    #expect(facts.share == 10)
    #expect(facts.expected == 10)
  }

  @Test func `what a listing should show is its last base and the steps after it`() {
    #expect(ListingFacts(bases: [push(8, 20)], steps: [(at(10), -1), (at(30), -2)]).expected == 6)
    #expect(ListingFacts(steps: [(at(10), -1)]).expected == nil)
  }
}

/// What listings make of one stock.
struct PoolOpeningTests {
  @Test func `the first snapshot opens a pool, the other listings join it`() {
    let pool = [1: ListingFacts(bases: [snapshot(10, 5)]), 2: ListingFacts(bases: [snapshot(7, 8)])]
    #expect(PoolOpening.of(pool) == .anchor(listing: 1, at: at(5)))
    #expect(PoolOpening.share(of: pool) == 10)
  }

  @Test func `a sale at any listing of a pool is a sale of the pool`() {
    let pool = [
      1: ListingFacts(bases: [snapshot(10, 5)], steps: [(at(20), -1)]),
      2: ListingFacts(bases: [snapshot(7, 30)], steps: [(at(20), -2), (at(40), -3)]),
    ]
    #expect(PoolOpening.share(of: pool) == 4)
  }

  @Test func `what was sold before a pool was opened is in its opening`() {
    let pool = [
      1: ListingFacts(bases: [snapshot(10, 50)]),
      2: ListingFacts(bases: [snapshot(7, 60)], steps: [(at(20), -2)]),
    ]
    #expect(PoolOpening.share(of: pool) == 10)
  }

  @Test func `what one listing gains is gained by all`() {
    let pool = [
      1: ListingFacts(bases: [snapshot(10, 5), push(9, 50)]),
      2: ListingFacts(bases: [snapshot(7, 8), push(9, 50), snapshot(12, 70)]),
    ]
    #expect(PoolOpening.share(of: pool) == 13)
  }

  @Test func `a listing that joined an open pool brings nothing and takes nothing`() {
    let opening = PoolOpening.opened(at: at(50))
    var late = ListingFacts(
      bases: [snapshot(30, 10), snapshot(29, 60)], steps: [(at(20), -4), (at(70), -1)])
    late.joinedAt = opening.joinedAt(listing: 2, own: nil)
    #expect(late.share == -1)
  }
}
