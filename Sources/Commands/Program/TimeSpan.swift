import ArgumentParser

/// A length of time as people type it: `90s`, `30m`, `8h`, `7d`; a plain number is seconds.
struct TimeSpan: ExpressibleByArgument, Equatable {
  var seconds: Int

  static let hour = TimeSpan(seconds: 3_600)

  init(seconds: Int) { self.seconds = seconds }

  init?(argument: String) {
    let units = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
    guard let last = argument.last else { return nil }
    let factor = last.isNumber ? 1 : units[String(last)]
    let digits = last.isNumber ? argument[...] : argument.dropLast()
    guard let factor, let count = Int(digits), count > 0, count <= 366 * 86_400 / factor else { return nil }
    seconds = count * factor
  }

  /// The same where no time at all makes sense too: `0s`.
  static func orNone(_ text: String) throws -> TimeSpan {
    if ["0", "0s", "0m", "0h", "0d"].contains(text) { return TimeSpan(seconds: 0) }
    guard let span = TimeSpan(argument: text) else {
      throw ValidationError("'\(text)' is no length of time such as 90s, 30m, 8h or 7d")
    }
    return span
  }

  var defaultValueDescription: String { seconds == 3_600 ? "1h" : "\(seconds)s" }
}
