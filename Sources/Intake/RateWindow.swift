/// How many things one connection may send within a minute: a sliding minute, told from the counts of this whole one and
/// the one before.
struct RateWindow: Sendable, Equatable {
  private var start: ContinuousClock.Instant
  private var count = 0
  private var before = 0

  init(at now: ContinuousClock.Instant) { start = now }

  /// Counts one more; answers nil, or after how many seconds to come again when there were `limit` already.
  mutating func admit(limit: Int, at now: ContinuousClock.Instant) -> Int? {
    advance(to: now)
    let elapsed = (now - start) / .seconds(60)
    guard Double(before) * (1 - elapsed) + Double(count) < Double(limit) else {
      return max(1, Int((60 * (1 - elapsed)).rounded(.up)))
    }
    count += 1
    return nil
  }

  /// Whether it could be forgotten without anybody noticing.
  func isOver(at now: ContinuousClock.Instant) -> Bool { now - start >= .seconds(120) }

  private mutating func advance(to now: ContinuousClock.Instant) {
    guard now - start >= .seconds(60) else { return }
    before = now - start < .seconds(120) ? count : 0
    count = 0
    let minutes = ((now - start) / .seconds(60)).rounded(.down)
    start += .seconds(60 * minutes)
  }
}
