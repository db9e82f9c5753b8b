import Lane
import Marketplaces

/// The one table that says what a marketplace's error means for its feed and for the job.
struct PollRules: Equatable {
  /// The feed's status from now on; nil leaves it.
  var status: FeedStatus?
  var disposition: Disposition

  /// After so many failures a job is given up: its feed's next one goes on from the same place.
  static let mostAttempts = 3

  /// `attempts` is how often the job has failed before.
  init(on error: MarketplaceError, attempts: Int) {
    switch error {
    case .rateLimited(let wait):
      self.init(nil, Self.later(.rateLimited, error, wait ?? .seconds(30), attempts: 0))
    case .breakerOpen(_, let remaining):
      self.init(.failing, Self.later(.unavailable, error, remaining, attempts: attempts))
    case .unavailable(_, let wait):
      self.init(.failing, Self.later(.unavailable, error, wait, attempts: attempts))
    case .network, .conflict:
      self.init(.failing, Self.later(.unavailable, error, nil, attempts: attempts))
    // Soon after it would be the same; the feed's schedule is when it is tried again.
    case .unauthorised, .malformed, .rejected: self.init(.failing, .ack)
    case .notFound, .unsupported: self.init(.unavailable, .ack)
    case .cursorIgnored: self.init(.stopped, .ack)
    }
  }

  private init(_ status: FeedStatus?, _ disposition: Disposition) {
    self.status = status
    self.disposition = disposition
  }

  private static func later(
    _ errorClass: Failure.Class, _ error: MarketplaceError, _ wait: Duration?, attempts: Int
  ) -> Disposition {
    guard attempts < mostAttempts else { return .ack }
    return .delay(Failure(errorClass, place: "poll", error.description), notBefore: wait)
  }
}

/// `feeds.status`.
package enum FeedStatus: String, Sendable, CaseIterable {
  case active
  /// By a person; nothing is polled.
  case paused
  /// By us, because polling on would do harm; a person has to look.
  case stopped
  /// The marketplace doesn't have it; looked for again now and then.
  case unavailable
  /// The last poll failed.
  case failing
}
