import Simulator
import Testing
import Time

@Suite struct FaultPlanTests {
  static let start = Timestamp(secondsSince1970: 1_763_700_000)

  /// The share of requests that fail when one comes every second.
  private func share(_ level: FaultLevel, seed: UInt64) -> Double {
    var plan = FaultPlan(level: level, seed: seed)
    let failed = (0..<20_000).count { plan.next(at: Self.start + .seconds($0)) != nil }
    return Double(failed) / 20_000
  }

  @Test func `none fails never, some about 3 in 100, storm about 25 in 100`() {
    #expect(share(.none, seed: 1) == 0)
    for seed: UInt64 in 1...5 {
      #expect((0.02...0.05).contains(share(.some, seed: seed)))
      #expect((0.2...0.35).contains(share(.storm, seed: seed)))
    }
  }

  @Test func `a level of one kind does only that`() {
    func faults(_ level: FaultLevel) -> [Fault?] {
      var plan = FaultPlan(level: level, seed: 4)
      return (0..<100).map { plan.next(at: Self.start + .seconds($0)) }
    }
    #expect(faults(.slow).allSatisfy { if case .slow = $0 { true } else { false } })
    #expect(faults(.flapping).count { $0 == .cutBefore } == 50)
    let limited = faults(.limiting)
    #expect(limited.contains(nil) && limited.contains(.status(429, retryAfter: 1)))
    #expect(
      limited.allSatisfy { [nil, .status(429, retryAfter: nil), .status(429, retryAfter: 1)].contains($0) })
    let pages = faults(.pages)
    #expect(pages.contains(.html(200)) && pages.contains(.html(403)) && pages.contains(nil))
    #expect(faults(.idle).allSatisfy { $0 == .ignored })
  }

  @Test func `a client that comes back every second gets through within ten`() {
    for seed: UInt64 in 1...50 {
      var plan = FaultPlan(level: .storm, seed: seed)
      var now = Self.start
      var refused = 0
      for _ in 0..<2000 {
        refused = plan.next(at: now) == nil ? 0 : refused + 1
        #expect(refused < 12)
        now = now + .seconds(1)
      }
    }
  }

  @Test func `a block is prolonged by requests, but not for ever`() throws {
    var plan = FaultPlan(level: .storm, seed: 9)
    var now = Self.start
    var longest = Duration.zero
    var began: Timestamp?
    for _ in 0..<200_000 {
      let fault = plan.next(at: now)
      if case .status(429, _) = fault {
        began = began ?? now
      } else if let since = began {
        longest = max(longest, now - since)
        began = nil
      }
      now = now + .milliseconds(20)
    }
    #expect(longest > .seconds(3) && longest < .seconds(7))
  }

  @Test func `the same seed fails alike`() {
    var one = FaultPlan(level: .storm, seed: 3)
    var other = FaultPlan(level: .storm, seed: 3)
    for millisecond in 0..<5000 {
      let now = Self.start + .milliseconds(millisecond)
      #expect(one.next(at: now) == other.next(at: now))
    }
  }
}
