import Time

/// So many requests in a stretch of time; beyond that a block until its end, which further requests prolong.
struct RequestLimit: Sendable {
  private let most: Int
  private let window: Duration
  private var count = 0
  private var windowEnd = Timestamp.epoch
  private var block: (began: Timestamp, until: Timestamp)?

  init(_ most: Int, per window: Duration) {
    (self.most, self.window) = (most, window)
  }

  /// How many more are allowed in this stretch.
  var remaining: Int { max(0, most - count) }

  /// Whether one more request is allowed now.
  mutating func admit(at now: Timestamp) -> Bool {
    if let current = block, now < current.until {
      let until = min(current.until + .milliseconds(100), current.began + window * 3 / 2)
      block = (current.began, until)
      return false
    }
    block = nil
    if now >= windowEnd {
      windowEnd = now + window
      count = 0
    }
    guard count < most else {
      block = (now, windowEnd)
      return false
    }
    count += 1
    return true
  }
}
