package import Time

/// How bad the line to the marketplaces is.
package enum FaultLevel: String, CaseIterable, Sendable {
  /// Now and then, and in bursts, of everything.
  case none, some, storm
  /// Of one thing, as long as it lasts: late answers, a line that is cut every other second, too many requests, pages
  /// for people, and answers to requests that were not done.
  case slow, flapping, limiting, pages, idle
}

/// What goes wrong with one request.
package enum Fault: Equatable, Sendable {
  /// A refusal without effect: 429, 500 or 503; a Retry-After in seconds now and then.
  case status(Int, retryAfter: Int?)
  /// A page for people, without effect.
  case html(Int)
  /// The connection ends, without or with the effect.
  case cutBefore
  case cutAfter
  /// The effect, and half the answer.
  case truncated
  /// The whole answer, later.
  case slow(Duration)
  /// The whole answer, as if the request had been done.
  case ignored
}

/// Decides which request fails and how; seeded, and bounded so that a patient client always gets through.
///
/// A 429 opens a block that further requests prolong, up to a limit; after a block the line is clear for as
/// long as `rest`. Of a client that waits after a refusal, `some` hits about 3 % of the requests and `storm`
/// about 25 %, in bursts; one that does not wait fares worse.
package struct FaultPlan: Sendable {
  package var level: FaultLevel
  private var dice: Dice
  private var block: (began: Timestamp, until: Timestamp)?
  private var clearUntil = Timestamp.epoch
  private var burstUntil = Timestamp.epoch
  private var calmUntil = Timestamp.epoch
  private var streak = 0

  package init(level: FaultLevel, seed: UInt64) {
    self.level = level
    dice = Dice(seed: seed)
  }

  /// What happens to the request that comes now; nil when nothing does.
  package mutating func next(at now: Timestamp) -> Fault? {
    switch level {
    case .none: return nil
    case .slow: return .slow(dice.seconds(0.5, 3))
    case .flapping: return now.secondsSince1970 % 2 == 0 ? .cutBefore : nil
    case .limiting: return dice.chance(0.7) ? .status(429, retryAfter: dice.chance(0.5) ? 1 : nil) : nil
    case .pages: return dice.chance(0.5) ? .html(dice.chance(0.5) ? 200 : 403) : nil
    case .idle: return .ignored
    case .some, .storm: return mixed(at: now)
    }
  }

  private mutating func mixed(at now: Timestamp) -> Fault? {
    if let blocked = stillBlocked(at: now) { return blocked }
    guard now >= clearUntil, streak < Self.longestStreak, dice.chance(probability(at: now)) else {
      streak = 0
      return nil
    }
    streak += 1
    return pick(at: now)
  }

  private static let longestStreak = 5
  private static let rest = Duration.seconds(2)
  private var longestBlock: Duration { level == .storm ? .seconds(6) : .seconds(2) }

  private mutating func stillBlocked(at now: Timestamp) -> Fault? {
    guard let current = block else { return nil }
    guard now < current.until else {
      block = nil
      clearUntil = now + Self.rest
      return nil
    }
    let until = min(current.until + .milliseconds(200), current.began + longestBlock)
    block = (current.began, until)
    return .status(429, retryAfter: nil)
  }

  private mutating func probability(at now: Timestamp) -> Double {
    guard level == .storm else { return 0.03 }
    if now < burstUntil { return 0.6 }
    if now < calmUntil { return 0.08 }
    burstUntil = now + dice.seconds(2, 4)
    calmUntil = burstUntil + dice.seconds(4, 8)
    return 0.6
  }

  private mutating func pick(at now: Timestamp) -> Fault {
    switch dice.between(0, 99) {
    case ..<20:
      let until = now + (level == .storm ? dice.seconds(0.5, 3) : dice.seconds(0.3, 1.5))
      block = (now, until)
      let seconds = Int((until - now).components.seconds) + 1
      return .status(429, retryAfter: dice.chance(0.2) ? seconds : nil)
    case ..<35: return .status(500, retryAfter: nil)
    case ..<48: return .status(503, retryAfter: dice.chance(0.3) ? 1 : nil)
    case ..<58: return .cutBefore
    case ..<67: return .cutAfter
    case ..<76: return .truncated
    case ..<81: return .html(200)
    case ..<86: return .html(403)
    default: return .slow(level == .storm ? dice.seconds(0.2, 4) : dice.seconds(0.2, 1.5))
    }
  }
}
