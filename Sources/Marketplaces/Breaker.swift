package import Time

/// Decides whether a connection that fails in one way is still worth a call.
///
/// Closed, it counts failures in a row; from `threshold` on it opens for a time that doubles with every probe that
/// fails; when that time is over one caller at a time may probe.
package struct Breaker: Sendable, Equatable {
  package var failures: Int
  package var openedAt: Timestamp?
  package var openUntil: Timestamp?
  package var probeUntil: Timestamp?

  package init(
    failures: Int = 0, openedAt: Timestamp? = nil, openUntil: Timestamp? = nil, probeUntil: Timestamp? = nil
  ) {
    self.failures = failures
    self.openedAt = openedAt
    self.openUntil = openUntil
    self.probeUntil = probeUntil
  }

  package enum Admission: Sendable, Equatable {
    case admitted
    /// Admitted alone, to see whether it works again.
    case probe
    case refused(remaining: Duration)
  }

  /// How a class of errors is judged; nil for classes that say nothing about the connection's health.
  package struct Policy: Sendable, Equatable {
    package var threshold: Int
    package var first: Duration
    package var longest: Duration

    package init(threshold: Int, first: Duration, longest: Duration) {
      self.threshold = threshold
      self.first = first
      self.longest = longest
    }

    package static func of(_ errorClass: ErrorClass) -> Policy? {
      switch errorClass {
      case .unavailable, .network: Policy(threshold: 5, first: .seconds(5), longest: .seconds(300))
      case .malformed: Policy(threshold: 5, first: .seconds(30), longest: .seconds(600))
      case .unauthorised: Policy(threshold: 3, first: .seconds(60), longest: .seconds(1800))
      // Calls during a block prolong it, and some marketplaces don't say how long it lasts.
      case .rateLimited: Policy(threshold: 1, first: .seconds(5), longest: .seconds(120))
      case .notFound, .rejected, .conflict, .breakerOpen, .cursorIgnored, .unsupported: nil
      }
    }
  }

  /// How long a probe may take before another caller may try.
  package static let probeTime: Duration = .seconds(60)
  /// How long others wait for what it finds.
  package static let probeWait: Duration = .seconds(2)

  package mutating func admit(at now: Timestamp) -> Admission {
    guard let openUntil else { return .admitted }
    if now < openUntil { return .refused(remaining: openUntil - now) }
    if let probeUntil, now < probeUntil {
      // It is known soon what the probe finds.
      return .refused(remaining: min(probeUntil - now, Self.probeWait))
    }
    probeUntil = now + Self.probeTime
    return .probe
  }

  package mutating func failed(at now: Timestamp, policy: Policy) {
    // Calls that were under way when it opened say nothing new.
    if let openUntil, now < openUntil { return }
    failures = min(failures + 1, 1_000)
    guard failures >= policy.threshold else { return }
    let doublings = min(failures - policy.threshold, 16)
    openedAt = openedAt ?? now
    openUntil = now + min(policy.first * (1 << doublings), policy.longest)
    probeUntil = nil
  }

  package mutating func succeeded() {
    self = Breaker()
  }
}
