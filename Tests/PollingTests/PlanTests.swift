import JSON
import Marketplaces
import Polling
import Testing
import Time

import struct Foundation.UUID

@Suite struct PlanTests {
  let now = Timestamp("2026-01-01T12:00:00Z") ?? .epoch
  let settings = PollSettings(schedules: [
    .offerEvents: .every(.seconds(60)), .orderEvents: .every(.seconds(60)), .orders: .every(.seconds(600)),
  ])
  let feeds: Set<Feed> = [.offerEvents, .orderEvents, .orders, .listings]

  func fired(_ states: [Feed: SchedulePlan.FeedState], _ settings: PollSettings? = nil) -> Set<Feed> {
    let plan = SchedulePlan(settings: settings ?? self.settings, now: now)
    return Set(
      plan.steps(of: feeds, states: states).compactMap { feed, step in
        if case .fire = step { feed } else { nil }
      })
  }

  @Test func `a new connection reads its listings first, then its events`() {
    #expect(fired([:]) == [.listings])
    #expect(fired([.listings: .init(jobExpiresAt: now + .seconds(30))]) == [])
    #expect(fired([.listings: .init(wasPolled: true)]) == [.offerEvents, .orderEvents, .orders])
    #expect(fired([.listings: .init(status: .unavailable, nextDueAt: now + .seconds(9))]).contains(.orders))
  }

  @Test func `rule 24: one job of a feed is outstanding, and when it has expired there is another`() {
    let done = SchedulePlan.FeedState(wasPolled: true)
    var orders = SchedulePlan.FeedState(jobExpiresAt: now + .seconds(1), nextDueAt: now - .seconds(500))
    #expect(!fired([.listings: done, .orders: orders]).contains(.orders))
    orders.jobExpiresAt = now
    #expect(fired([.listings: done, .orders: orders]).contains(.orders))
    orders.nextDueAt = now + .seconds(1)
    #expect(!fired([.listings: done, .orders: orders]).contains(.orders))
  }

  @Test func `paused and stopped feeds rest, failing ones go on`() {
    let done = SchedulePlan.FeedState(wasPolled: true)
    for status in FeedStatus.allCases {
      let isFired = fired([.listings: done, .orders: .init(status: status)]).contains(.orders)
      #expect(isFired == (status != .paused && status != .stopped))
    }
  }

  @Test func `a job lives for its interval, and a minute at least`() throws {
    let plan = SchedulePlan(settings: settings, now: now)
    let steps = plan.steps(of: feeds, states: [.listings: .init(wasPolled: true)])
    for (feed, step) in steps where feed != .listings {
      guard case .fire(let slot, let expiresAt, let nextDueAt) = step else {
        Issue.record("\(feed) is not fired")
        continue
      }
      #expect(slot.hasPrefix(feed.rawValue + "@"))
      #expect(expiresAt >= nextDueAt && expiresAt >= now + .seconds(60) && nextDueAt > now)
    }
  }

  @Test func `a shorter interval takes effect at once`() {
    let plan = SchedulePlan(settings: settings, now: now)
    let states: [Feed: SchedulePlan.FeedState] = [
      .listings: .init(wasPolled: true), .orders: .init(nextDueAt: now + .seconds(86_400)),
    ]
    let step = plan.steps(of: feeds, states: states).first { $0.feed == .orders }?.step
    #expect(step == .note(nextDueAt: now + .seconds(600)))
  }

  @Test func `without order events the list is polled, even when order polling is off`() {
    let off = PollSettings(schedules: [
      .offerEvents: .every(.seconds(60)), .orderEvents: .every(.seconds(60)),
    ])
    let listings = SchedulePlan.FeedState(wasPolled: true)
    #expect(!fired([.listings: listings], off).contains(.orders))
    let gone = SchedulePlan.FeedState(status: .unavailable, nextDueAt: now + .seconds(9))
    #expect(fired([.listings: listings, .orderEvents: gone], off).contains(.orders))
  }

  @Test func `rule 25: an hour's standstill with a lookback of a quarter leaves no hole`() {
    var position = FeedPosition(completedTo: now - .seconds(3600))
    position.open(.orders, at: now, lookback: .seconds(900), overlap: .seconds(900), floor: nil)
    #expect(position.window == .init(from: now - .seconds(4500), to: now))
    var recent = FeedPosition(completedTo: now - .seconds(60))
    recent.open(.orders, at: now, lookback: .seconds(900), overlap: .seconds(300), floor: nil)
    #expect(recent.window?.from == now - .seconds(900))
  }

  @Test func `a window that was begun is ended first, and then noted as complete`() {
    let window = FeedRequest.Window(from: now - .seconds(9_000), to: now - .seconds(8_000))
    var position = FeedPosition(window: window, pageCursor: "p")
    position.open(.orders, at: now, lookback: .seconds(900), overlap: .zero, floor: nil)
    #expect(position.window == window && position.request(.orders, limit: 5).cursor == "p")
    let page = FeedPage(items: [], nextCursor: nil, isLast: true, observedAt: now, calls: 1)
    #expect(position.after(page, of: .orders) == FeedPosition(completedTo: window.to))
  }

  @Test func `a new connection's windows begin where its history does`() {
    let begin = now - .seconds(7_200)
    var old = FeedPosition()
    old.open(.orders, at: now, lookback: .seconds(900), overlap: .zero, floor: begin)
    #expect(old.window?.from == begin)
    var young = FeedPosition()
    young.open(.orders, at: now, lookback: .seconds(900), overlap: .zero, floor: now - .seconds(5))
    #expect(young.window?.from == now - .seconds(5))
  }

  @Test func `the setting for seconds replaces every interval and shortens the lookback`() {
    let settings = PollSettings(
      events: .every(.seconds(2220)), isOrderPollingEnabled: true, orderMinutes: 10, lookbackMinutes: 15,
      batchSize: 50, maxPages: 10, override: 1)
    #expect(Set(settings.schedules.values) == [.every(.seconds(1))])
    #expect(settings.lookback == .seconds(10))
  }

  @Test func `a job survives its message`() throws {
    let job = PollJob(
      jobId: "orders@5", connectionId: UUID(), feed: .orders, expiresAt: now, reason: .manual,
      lookback: .seconds(1800), batchSize: 50, maxPages: 5, dryRun: true, runId: 9, listings: ["a"])
    #expect(try PollJob.decode(job.encode()) == job)
  }

  @Test func `what the ledger asks for is understood`() throws {
    let body = """
      {"jobId":"listings@x/reread/1","connectionId":"6f1c0000-0000-4000-8000-000000000001","feed":"listings",
      "reason":"reread","listings":["9726837549"],"expiresAt":"2026-01-01T12:00:00Z"}
      """
    let job = try PollJob.decode(Array(body.utf8))
    #expect(job.reason == .reread && job.listings == ["9726837549"])
  }

  @Test(arguments: [
    "", "[]", "{}", #"{"connectionId":"x"}"#,
    #"{"connectionId":"6f1c0000-0000-4000-8000-000000000001","feed":"nothing"}"#,
    #"{"connectionId":"6f1c0000-0000-4000-8000-000000000001","feed":"orders","expiresAt":"later"}"#,
    #"{"connectionId":"6f1c0000-0000-4000-8000-000000000001","feed":"orders","expiresAt":"2026-01-01T00:00:00Z"}"#,
  ])
  func `what is no job is refused with a sentence`(body: String) {
    #expect(throws: PollJob.Problem.self) { try PollJob.decode(Array(body.utf8)) }
  }
}
