import Testing
import Topology

struct DelaysTests {
  @Test func `the tier goes by the attempt, and the last one takes the rest`() {
    let names = [0, 1, 2, 3, 4, 5, 99].map { Delays.standard.tier(forAttempt: $0).name }
    #expect(names == ["5s", "5s", "30s", "5m", "30m", "30m", "30m"])
  }

  @Test func `nobody comes back before the marketplace's Retry-After`() {
    let delays = Delays.standard
    #expect(delays.tier(forAttempt: 1, retryAfter: .seconds(5)).name == "5s")
    #expect(delays.tier(forAttempt: 1, retryAfter: .milliseconds(5_001)).name == "30s")
    #expect(delays.tier(forAttempt: 1, retryAfter: .seconds(60)).name == "5m")
    #expect(delays.tier(forAttempt: 1, retryAfter: .seconds(86_400)).name == "30m")
    #expect(delays.tier(forAttempt: 3, retryAfter: .seconds(1)).name == "5m")
  }

  @Test func `a list is read in any order and with any unit`() throws {
    let delays = try Delays("1h, 200ms,5s,5s,2m")
    #expect(delays.description == "200ms,5s,2m,1h")
    #expect(delays.tiers.map(\.milliseconds) == [200, 5_000, 120_000, 3_600_000])
  }

  @Test(arguments: [
    "", ",", "5", "0s", "-1s", "5d", "s", "25h", "99999999999999999999s", "9223372036854775807h",
  ])
  func `a list that can't be used is refused`(list: String) {
    #expect(throws: DelaysError.self) { try Delays(list) }
  }
}
