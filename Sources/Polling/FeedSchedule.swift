package import Time

/// When a feed is polled.
package enum FeedSchedule: Sendable, Hashable {
  case every(Duration)
  case cron(Cron)

  /// A cron expression, or a plain number of minutes; nil for anything else. Mind that `*/37 * * * *` means the
  /// minutes 0 and 37 of every hour, while `37` means every 37 minutes.
  package static func parse(_ text: String) -> FeedSchedule? {
    let words = text.split { $0 == " " || $0 == "\t" }
    if words.count == 1 {
      guard let minutes = Int64(words[0]), (1...525_600).contains(minutes) else { return nil }
      return .every(.seconds(minutes * 60))
    }
    return Cron(text).map(FeedSchedule.cron)
  }

  /// The next time after a moment. Intervals are counted from 1970, so that every process that may lead says the
  /// same, and a process that was down finds one slot that is due, not all that it missed.
  package func next(after moment: Timestamp) -> Timestamp? {
    switch self {
    case .cron(let cron): return cron.next(after: moment)
    case .every(let interval):
      let length = max(interval.wholeMicroseconds, 1_000)
      let place = moment.microseconds / length * length
      return Timestamp(
        microseconds: place + (moment.microseconds < 0 && place != moment.microseconds ? 0 : length))
    }
  }
}
