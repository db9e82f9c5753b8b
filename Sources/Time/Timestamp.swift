import Glibc

/// A moment in microseconds since 1970-01-01T00:00:00Z, the precision of a Postgres `timestamptz`.
@usableFromInline
package struct Timestamp: Hashable, Comparable, Sendable {
  /// Microseconds since 1970 UTC; negative before it.
  @usableFromInline
  package var microseconds: Int64

  /// The moment that many microseconds after 1970 UTC.
  @inlinable
  package init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  /// The moment that many whole seconds after 1970 UTC; held at the ends of the range.
  package init(secondsSince1970 seconds: Int64) {
    microseconds = Self.saturating(seconds.multipliedReportingOverflow(by: 1_000_000), negative: seconds < 0)
  }

  /// The moment that many milliseconds after 1970 UTC; held at the ends of the range.
  package init(millisecondsSince1970 milliseconds: Int64) {
    microseconds = Self.saturating(
      milliseconds.multipliedReportingOverflow(by: 1000), negative: milliseconds < 0)
  }

  /// 1970-01-01T00:00:00Z.
  package static let epoch = Timestamp(microseconds: 0)

  /// The machine's wall clock.
  package static func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
  }

  /// Whole seconds since 1970, rounded down.
  package var secondsSince1970: Int64 { microseconds.flooredDivision(by: 1_000_000).quotient }

  /// Whole milliseconds since 1970, rounded down.
  package var millisecondsSince1970: Int64 { microseconds.flooredDivision(by: 1000).quotient }

  @inlinable
  package static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.microseconds < right.microseconds
  }

  static func saturating(_ result: (partialValue: Int64, overflow: Bool), negative: Bool) -> Int64 {
    result.overflow ? (negative ? .min : .max) : result.partialValue
  }
}

extension Timestamp {
  /// The moment that many seconds later (earlier when negative); held at the ends of the range.
  package func adding(seconds: Int64) -> Timestamp {
    self + .seconds(seconds)
  }

  /// The moment that much later; held at the ends of the range.
  package static func + (moment: Timestamp, duration: Duration) -> Timestamp {
    let added = duration.wholeMicroseconds
    return Timestamp(
      microseconds: saturating(moment.microseconds.addingReportingOverflow(added), negative: added < 0))
  }

  /// The moment that much earlier; held at the ends of the range.
  package static func - (moment: Timestamp, duration: Duration) -> Timestamp {
    let taken = duration.wholeMicroseconds
    return Timestamp(
      microseconds: saturating(moment.microseconds.subtractingReportingOverflow(taken), negative: taken > 0))
  }

  /// The time from `right` to `left`.
  package static func - (left: Timestamp, right: Timestamp) -> Duration {
    .microseconds(
      saturating(
        left.microseconds.subtractingReportingOverflow(right.microseconds), negative: right.microseconds > 0))
  }
}

extension Duration {
  /// The duration in microseconds, cut towards zero and held at the ends of `Int64`.
  package var wholeMicroseconds: Int64 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
    if overflow { return seconds < 0 ? .min : .max }
    return Timestamp.saturating(
      scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000), negative: seconds < 0)
  }
}

extension Int64 {
  /// Quotient rounded down and a remainder that is never negative.
  func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
