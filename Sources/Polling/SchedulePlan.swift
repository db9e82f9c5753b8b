package import Marketplaces
package import Time

/// Decides which feeds of a connection are due; a value, so that any process may lead.
package struct SchedulePlan: Sendable {
  let settings: PollSettings
  let now: Timestamp

  /// A job lives at least this long, however short its interval: its feed gets no other until then.
  static let shortestLife: Duration = .seconds(60)
  /// How often we look again for a feed that the marketplace doesn't have.
  static let unavailablePause: Duration = .seconds(3600)
  /// How often the first reading of the listings is tried.
  static let firstListingsPause: Duration = .seconds(60)

  package init(settings: PollSettings, now: Timestamp) {
    self.settings = settings
    self.now = now
  }

  /// What the scheduler knows of a feed; its row in `feeds`.
  package struct FeedState: Sendable, Equatable {
    package var status: FeedStatus
    package var jobExpiresAt: Timestamp?
    package var nextDueAt: Timestamp?
    package var wasPolled: Bool

    package init(
      status: FeedStatus = .active, jobExpiresAt: Timestamp? = nil, nextDueAt: Timestamp? = nil,
      wasPolled: Bool = false
    ) {
      self.status = status
      self.jobExpiresAt = jobExpiresAt
      self.nextDueAt = nextDueAt
      self.wasPolled = wasPolled
    }
  }

  /// What is to be done about a feed.
  package enum Step: Sendable, Equatable {
    /// Publish a job with this slot; the next is due then.
    case fire(slot: String, expiresAt: Timestamp, nextDueAt: Timestamp)
    /// Only note when it is due next, since its schedule has changed.
    case note(nextDueAt: Timestamp)
    case nothing
  }

  /// The steps for the feeds that a marketplace has, given the rows that exist.
  package func steps(of feeds: Set<Feed>, states: [Feed: FeedState]) -> [(feed: Feed, step: Step)] {
    feeds.sorted { $0.rawValue < $1.rawValue }.map { feed in
      (feed, step(feed, states[feed] ?? FeedState(), among: feeds, states))
    }
  }

  private func step(
    _ feed: Feed, _ state: FeedState, among feeds: Set<Feed>, _ states: [Feed: FeedState]
  ) -> Step {
    guard state.status != .paused, state.status != .stopped else { return .nothing }
    if let outstanding = state.jobExpiresAt, outstanding > now { return .nothing }
    guard let next = nextTime(feed, state, states), !waitsForListings(feed, feeds, states) else {
      return .nothing
    }
    if let due = state.nextDueAt, due > now { return due > next ? .note(nextDueAt: next) : .nothing }
    let slot = "\(feed.rawValue)@\(now.millisecondsSince1970)"
    return .fire(slot: slot, expiresAt: max(next, now + Self.shortestLife), nextDueAt: next)
  }

  /// When the feed is due after now; nil when it has no schedule and needs none.
  private func nextTime(_ feed: Feed, _ state: FeedState, _ states: [Feed: FeedState]) -> Timestamp? {
    if state.status == .unavailable { return now + Self.unavailablePause }
    if let schedule = schedule(of: feed, states) { return schedule.next(after: now) }
    return feed == .listings && !state.wasPolled ? now + Self.firstListingsPause : nil
  }

  /// Where there are no order events, the orders come from their list, whatever the settings say about it.
  private func schedule(of feed: Feed, _ states: [Feed: FeedState]) -> FeedSchedule? {
    if let own = settings.schedules[feed] { return own }
    guard feed == .orders, states[.orderEvents]?.status == .unavailable else { return nil }
    return settings.schedules[.orderEvents]
  }

  /// A new connection's listings are read first, so that its events find a stock to change.
  private func waitsForListings(_ feed: Feed, _ feeds: Set<Feed>, _ states: [Feed: FeedState]) -> Bool {
    guard feed != .listings, feeds.contains(.listings) else { return false }
    let listings = states[.listings] ?? FeedState()
    return !listings.wasPolled && (listings.status == .active || listings.status == .failing)
  }
}
