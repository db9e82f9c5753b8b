package import Time

/// A cron expression of five fields (minute, hour, day of month, month, day of week), in UTC.
///
/// Lists, ranges, steps and the names of months and days are understood; Sunday is 0 and 7. A day matches when the
/// day of the month or the day of the week does, if both are given, as in every cron since 1987.
package struct Cron: Sendable, Hashable {
  let minutes: UInt64
  let hours: UInt64
  let days: UInt64
  let months: UInt64
  let weekdays: UInt64
  let isAnyDay: Bool
  let isAnyWeekday: Bool

  /// Nil for what is not such an expression.
  package init?(_ text: String) {
    let fields = text.split { $0 == " " || $0 == "\t" }
    guard fields.count == 5, let minutes = CronField.minute.parse(fields[0]),
      let hours = CronField.hour.parse(fields[1]), let days = CronField.day.parse(fields[2]),
      let months = CronField.month.parse(fields[3]), let weekdays = CronField.weekday.parse(fields[4])
    else { return nil }
    self.minutes = minutes
    self.hours = hours
    self.days = days
    self.months = months
    // Bit 7 is Sunday too.
    self.weekdays = weekdays & 0x7F | weekdays >> 7 & 1
    isAnyDay = fields[2].first == "*"
    isAnyWeekday = fields[4].first == "*"
  }

  /// The first matching minute after a moment; nil for what never comes, such as 30 February.
  package func next(after moment: Timestamp) -> Timestamp? {
    var minute = moment.secondsSince1970.flooredMinutes + 1
    // Within eight years every date comes, a 29 February over 2100 included.
    let end = minute + 8 * 366 * 1440
    while minute < end {
      let day = minute / 1440
      let date = CivilDate(daysSince1970: day)
      if !matches(date) {
        minute = (day + 1) * 1440
      } else if !hours.has(minute % 1440 / 60) {
        minute = (minute / 60 + 1) * 60
      } else if minutes.has(minute % 60) {
        return Timestamp(secondsSince1970: minute * 60)
      } else {
        minute += 1
      }
    }
    return nil
  }

  private func matches(_ date: CivilDate) -> Bool {
    guard months.has(date.month) else { return false }
    let day = days.has(date.day)
    let weekday = weekdays.has(date.weekday)
    return isAnyDay || isAnyWeekday ? day && weekday : day || weekday
  }
}

/// One of the five fields of a cron expression.
struct CronField {
  var range: ClosedRange<Int>
  var names: [Substring] = []

  static let minute = CronField(range: 0...59)
  static let hour = CronField(range: 0...23)
  static let day = CronField(range: 1...31)
  static let month = CronField(
    range: 1...12,
    names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
  static let weekday = CronField(range: 0...7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"])

  /// The values that a field allows, one bit each; nil for what is not a field of this kind.
  func parse(_ text: Substring) -> UInt64? {
    var bits: UInt64 = 0
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let values = item.isEmpty ? nil : parse(item: item) else { return nil }
      for value in values { bits |= 1 << UInt64(value) }
    }
    return bits == 0 ? nil : bits
  }

  private func parse(item: Substring) -> StrideThrough<Int>? {
    let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    var step = 1
    if parts.count == 2 {
      guard let given = Int(parts[1]), (1...range.upperBound).contains(given) else { return nil }
      step = given
    }
    if parts[0] == "*" {
      // In `*/2` of the weekdays, Sunday is one day, not two.
      let last = range.upperBound == 7 ? 6 : range.upperBound
      return stride(from: range.lowerBound, through: last, by: step)
    }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard let first = ends.first.flatMap(value), ends.count <= 2 else { return nil }
    guard ends.count == 2 else {
      return stride(from: first, through: parts.count == 2 ? range.upperBound : first, by: step)
    }
    guard let last = value(ends[1]), first <= last else { return nil }
    return stride(from: first, through: last, by: step)
  }

  private func value(_ text: Substring) -> Int? {
    if let index = names.firstIndex(of: Substring(text.lowercased())) { return index + range.lowerBound }
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let value = Int(text),
      range.contains(value)
    else { return nil }
    return value
  }
}

extension UInt64 {
  fileprivate func has(_ bit: Int64) -> Bool { self >> UInt64(bit) & 1 == 1 }
}

extension Int64 {
  fileprivate var flooredMinutes: Int64 { self >= 0 ? self / 60 : (self - 59) / 60 }
}
