import Desk
import Lane
import Testing
import Time
import Topology

struct MeasureTests {
  private static let now = Timestamp("2026-03-10T15:00:30Z") ?? .epoch

  private static func row(_ messages: Int, busy: Double, database: Double, seconds: Double = 30)
    -> ServiceTimes.Row
  {
    ServiceTimes.Row(
      minute: Timestamp("2026-03-10T15:00:00Z") ?? .epoch, updatedAt: now, seconds: seconds,
      messages: messages,
      busySeconds: busy, databaseSeconds: database, lastPublishedAt: now - .seconds(12))
  }

  @Test func `percentiles come from the buckets, and nothing measured is unknown`() {
    var histogram = TimeHistogram()
    #expect(histogram.percentile(0.5) == nil)
    histogram.add(.microseconds(500), times: 90)
    histogram.add(.milliseconds(100), times: 10)
    #expect(histogram.percentile(0.5).map { $0 < 0.001 } == true)
    #expect(histogram.percentile(0.99).map { (0.064...0.128).contains($0) } == true)
    histogram.add(.seconds(100_000), times: 1_000)
    #expect(histogram.percentile(0.99).map { $0 > 32 } == true)
    #expect(TimeHistogram([1, 2]).percentile(0.5) == nil)
  }

  @Test func `the figures of lanes at work add up, those of lanes that went are only remembered`() {
    var times = ServiceTimes()
    times.add(Self.row(3_000, busy: 27, database: 20), now: Self.now)
    times.add(Self.row(1_500, busy: 9, database: 5), now: Self.now)
    #expect(times.lanes == 2 && times.rate == 150 && abs(times.utilisation - 0.6) < 0.001)
    var later = ServiceTimes()
    later.add(Self.row(3_000, busy: 27, database: 20), now: Self.now + .seconds(60))
    #expect(later.lanes == 0 && later.rate == 0 && later.messages == 3_000)
  }

  @Test func `the oldest that waits is about as old as the newest that a lane was given`() {
    var times = ServiceTimes()
    times.add(Self.row(3_000, busy: 27, database: 20), now: Self.now)
    var depth = QueueDepth(queue: .stockLedger, name: "q", ready: 700, consumers: 1)
    depth.complete(with: times, at: Self.now)
    #expect(depth.oldestAge == 12 && depth.outRate == 100 && depth.secondsToDrain == nil)
    var earlier = QueueDepth(queue: .stockLedger, name: "q", ready: 750)
    earlier.at = depth.at - .seconds(1)
    depth.complete(since: earlier)
    #expect(depth.inRate == 50 && depth.secondsToDrain == 14)
    depth.unacked = 50
    #expect(depth.secondsToDrain == 15)
    var empty = QueueDepth(queue: .stockLedger, name: "q", ready: 0, consumers: 1)
    empty.complete(with: times, at: Self.now)
    #expect(empty.oldestAge == nil && empty.secondsToDrain == 0)
  }

  @Test func `an estimate tells whether workers or Postgres are the limit`() throws {
    var times = ServiceTimes()
    for _ in 1...4 { times.add(Self.row(3_000, busy: 30, database: 6), now: Self.now) }
    let workers = try #require(
      Estimate(ready: 10_000, inRate: 0, times: times, history: [], additionalLanes: 4))
    #expect(workers.limit == .workers && !workers.isSeen && workers.rate == 400)
    #expect(abs(workers.newRate - 720) < 0.01 && abs((workers.seconds ?? 0) - 10_000 / 720) < 0.01)
    let history = [Estimate.Minute(lanes: 2, rate: 380), Estimate.Minute(lanes: 4, rate: 400)]
    let postgres = try #require(
      Estimate(ready: 10_000, inRate: 500, times: times, history: history, additionalLanes: 4))
    #expect(
      postgres.limit == .postgres && postgres.isSeen && postgres.newRate < 430 && postgres.seconds == nil)
    #expect(Estimate(ready: 1, inRate: 0, times: ServiceTimes(), history: [], additionalLanes: 0) == nil)
    var idle = ServiceTimes()
    idle.add(Self.row(30, busy: 1, database: 0.5), now: Self.now)
    #expect(Estimate(ready: 0, inRate: 1, times: idle, history: [], additionalLanes: 1)?.limit == .arrivals)
  }
}
