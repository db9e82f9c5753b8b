import BackMarket
import Events
import JSON
import Marketplaces
import Polling
import Reconciliation
import TestShops
import Testing
import Time

/// The goal of the event-driven design: under 1,500 calls a day where reading listings took up to 5,500.
@Suite struct DayOfCallsTests {
  @Test func `a day of a thousand listings takes fewer than 1,500 calls`() async throws {
    let start = Timestamp(secondsSince1970: 1_763_700_000)
    let shop = try #require(
      ShopTransport("backmarket", ordersPerSecond: 500 / 86_400, listings: 1_000, start: start))
    let token = "Basic " + (shop.credentials["token"].text ?? "")
    let adapter = BackMarketAdapter(
      connection: .test(.backmarket, createdAt: start),
      client: MarketplaceClient(
        transport: shop, authorisation: FixedAuthorisation(.init(name: "authorization", value: token))))
    var day = PollingDay(adapter: adapter, start: start)
    for minute in 0..<(24 * 60) {
      shop.wait(.seconds(60))
      try await day.pass(to: start + .seconds(Int64(minute) * 60 + 60))
    }
    let calls = shop.calls.count
    #expect(day.calls[.listings] == 20, "a thousand listings at fifty a page, once, when it is new")
    #expect(day.jobs[.orders] ?? 0 >= 143, "every ten minutes")
    #expect(day.calls.values.reduce(0, +) == calls, "every call is accounted for")
    #expect(calls + 20 < 1_500, "with the reconciliation of the night: \(calls + 20) calls")
    #expect(try shop.orders().count > 350)
  }

  @Test func `the report says how many calls it took, and how many the day`() async throws {
    try await Counter.with(listings: 1_000, ordersPerSecond: 0.1) { counter in
      try await counter.poll(.listings)
      counter.shop.wait(.seconds(100))
      try await counter.poll(.orders)
      try await counter.reconcile()
      let calls = counter.shop.calls.count
      #expect(
        try await counter.text("SELECT concat_ws(' ', listings, calls, day_calls) FROM reconciliations")
          == "1000 20 \(calls)")
      #expect(calls == 41)
    }
  }
}

/// A day of polling as the scheduler plans it with the settings that hold when nothing is said.
private struct PollingDay {
  let adapter: BackMarketAdapter
  let settings = PollSettings(
    events: .every(.seconds(37 * 60)), isOrderPollingEnabled: true, orderMinutes: 10, lookbackMinutes: 15,
    batchSize: 50, maxPages: 10)
  let start: Timestamp
  var states: [Feed: SchedulePlan.FeedState] = [:]
  var positions: [Feed: FeedPosition] = [:]
  var calls: [Feed: Int] = [:]
  var jobs: [Feed: Int] = [:]

  init(adapter: BackMarketAdapter, start: Timestamp) {
    (self.adapter, self.start) = (adapter, start)
  }

  /// Does what is due at that moment.
  mutating func pass(to now: Timestamp) async throws {
    for (feed, step) in SchedulePlan(settings: settings, now: now)
      .steps(of: adapter.features.feeds, states: states)
    {
      guard case .fire(_, _, let next) = step else { continue }
      states[feed] = SchedulePlan.FeedState(nextDueAt: next, wasPolled: true)
      jobs[feed, default: 0] += 1
      try await poll(feed, at: now)
    }
  }

  private mutating func poll(_ feed: Feed, at now: Timestamp) async throws {
    var position = positions[feed] ?? FeedPosition()
    while true {
      position.open(feed, at: now, lookback: settings.lookback, overlap: settings.lookback, floor: start)
      let page = try await adapter.page(position.request(feed, limit: settings.pageSize(of: feed)))
      calls[feed, default: 0] += page.calls
      position = position.after(page, of: feed)
      if page.isLast { break }
    }
    positions[feed] = position
  }
}
