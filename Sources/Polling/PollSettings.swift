package import Marketplaces
import Time

/// What polling is told by the environment.
package struct PollSettings: Sendable, Equatable {
  /// A feed without a schedule is polled when a connection is new, and by hand.
  package var schedules: [Feed: FeedSchedule]
  /// That of orders, also while they are not polled.
  package var orderSchedule: FeedSchedule
  /// How far back a window of orders reaches at least.
  package var lookback: Duration
  /// Items per page.
  package var batchSize: Int
  /// Pages per job; what is left is another job's.
  package var maxPages: Int
  /// A worker that dies leaves its feed locked for this long at most; one that lives renews the lease three times as
  /// often.
  package var lease: Duration

  package init(
    schedules: [Feed: FeedSchedule], orderSchedule: FeedSchedule? = nil, lookback: Duration = .seconds(900),
    batchSize: Int = 50, maxPages: Int = 10, lease: Duration = .seconds(9)
  ) {
    self.schedules = schedules
    self.orderSchedule = orderSchedule ?? schedules[.orders] ?? .every(.seconds(600))
    self.lookback = lookback
    self.batchSize = batchSize
    self.maxPages = maxPages
    self.lease = lease
  }

  /// From `EVENT_POLLING_INTERVAL`, `ENABLE_ORDER_POLLING`, `ORDER_POLLING_INTERVAL_MINUTES` and so on;
  /// `override` (`CROSSDOCK_POLL_SECONDS`) replaces every interval, and shortens the lookback in proportion.
  package init(
    events: FeedSchedule, isOrderPollingEnabled: Bool, orderMinutes: Int, lookbackMinutes: Int,
    batchSize: Int,
    maxPages: Int, override seconds: Double? = nil
  ) {
    var orders = FeedSchedule.every(.seconds(Int64(orderMinutes) * 60))
    var events = events
    var lookback = Duration.seconds(Int64(lookbackMinutes) * 60)
    if let seconds {
      let interval = Duration.milliseconds(Int64(max(seconds, 0.05) * 1_000))
      (orders, events, lookback) = (.every(interval), .every(interval), max(interval * 3, .seconds(10)))
    }
    var schedules: [Feed: FeedSchedule] = [.offerEvents: events, .orderEvents: events, .disputes: events]
    if isOrderPollingEnabled { schedules[.orders] = orders }
    self.init(
      schedules: schedules, orderSchedule: orders, lookback: lookback, batchSize: batchSize,
      maxPages: maxPages)
  }

  /// Items per page of a feed: events are small and cost nothing to know, orders and listings are what was asked for.
  package func pageSize(of feed: Feed) -> Int {
    switch feed {
    case .offerEvents, .orderEvents: max(batchSize, 100)
    case .listings: max(batchSize, 200)
    case .orders, .disputes: batchSize
    }
  }
}
