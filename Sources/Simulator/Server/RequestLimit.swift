import Time

/// So many requests a minute; beyond that a block, which further requests prolong.
struct RequestLimit: Sendable {
  let perMinute: Int
  private var count = 0
  private var windowEnd = Timestamp.epoch
  private var block: (began: Timestamp, until: Timestamp)?

  init(perMinute: Int) {
    self.perMinute = perMinute
  }

  /// How many more are allowed in this minute.
  var remaining: Int { max(0, perMinute - count) }

  /// Whether one more request is allowed now.
  mutating func admit(at now: Timestamp) -> Bool {
    if let current = block, now < current.until {
      let until = min(current.until + .milliseconds(100), current.began + .seconds(90))
      block = (current.began, until)
      return false
    }
    block = nil
    if now >= windowEnd {
      windowEnd = now + .seconds(60)
      count = 0
    }
    guard count < perMinute else {
      block = (now, windowEnd)
      return false
    }
    count += 1
    return true
  }
}
