import Marketplaces
import Testing
import Time

@Suite struct BreakerTests {
  let start = Timestamp("2026-01-01T12:00:00Z") ?? .epoch
  let policy = Breaker.Policy(threshold: 3, first: .seconds(10), longest: .seconds(30))

  @Test func `it opens after so many failures in a row and not before`() {
    var breaker = Breaker()
    breaker.failed(at: start, policy: policy)
    breaker.failed(at: start, policy: policy)
    #expect(breaker.admit(at: start) == .admitted)
    breaker.failed(at: start, policy: policy)
    #expect(breaker.admit(at: start + .seconds(4)) == .refused(remaining: .seconds(6)))
  }

  @Test func `one probe at a time when the time is over, and its failure doubles the time`() {
    var breaker = Breaker()
    for _ in 1...3 { breaker.failed(at: start, policy: policy) }
    let later = start + .seconds(10)
    #expect(breaker.admit(at: later) == .probe)
    #expect(breaker.admit(at: later) == .refused(remaining: Breaker.probeWait))
    breaker.failed(at: later, policy: policy)
    #expect(breaker.admit(at: later) == .refused(remaining: .seconds(20)))
    var moment = later
    for _ in 1...40 {
      moment = moment + .seconds(30)
      breaker.failed(at: moment, policy: policy)
    }
    #expect(breaker.admit(at: moment) == .refused(remaining: .seconds(30)))
  }

  @Test func `calls that were under way when it opened say nothing new`() {
    var breaker = Breaker()
    for _ in 1...40 { breaker.failed(at: start, policy: policy) }
    #expect(breaker.admit(at: start) == .refused(remaining: .seconds(10)))
  }

  @Test func `a success closes it`() {
    var breaker = Breaker()
    for _ in 1...5 { breaker.failed(at: start, policy: policy) }
    breaker.succeeded()
    #expect(breaker == Breaker())
    #expect(breaker.admit(at: start) == .admitted)
  }

  @Test func `a refusal of one request says nothing about the connection`() {
    #expect(Breaker.Policy.of(.rejected) == nil)
    #expect(Breaker.Policy.of(.notFound) == nil)
    #expect(Breaker.Policy.of(.rateLimited)?.threshold == 1)
  }
}
