import TestServers
import Testing

/// What the tests of any order stand on: a fault is found, and told in its smallest form.
struct ArrivalsTests {
  @Test func `the smallest arrivals that fail are told, with their seed`() {
    // Wrong only when 3 comes in an earlier batch than 1.
    let failure = Arrivals.smallestFailure(of: 50, seed: 1_000) { seed in
      var random = SplitMix(seed: seed)
      return Arrivals(of: 8, batch: 3, using: &random)
    } failure: { _, arrivals in
      let batches = arrivals.batches
      guard let three = batches.firstIndex(where: { $0.contains(3) }),
        let one = batches.lastIndex(where: { $0.contains(1) }), three < one
      else { return nil }
      return "3 was before 1"
    }
    let told = failure ?? ""
    #expect(told.hasPrefix("3 was before 1; seed 10"))
    #expect(told.hasSuffix("messages that came: 3 | 1"))
  }

  @Test func `every message comes, some come twice, and none twice in one batch`() {
    for seed in 0..<200 as Range<UInt64> {
      var random = SplitMix(seed: seed)
      let arrivals = Arrivals(of: 9, batch: 4, using: &random)
      #expect(arrivals.messages == Set(0..<9))
      #expect(arrivals.batches.allSatisfy { Set($0).count == $0.count && (1...4).contains($0.count) })
    }
  }
}
