/// Reads the fields of a written time; every step is nil where the text does not go on as it should.
struct TimeScanner {
  private let bytes: UnsafeRawBufferPointer
  private var index = 0

  init(bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// Microseconds since 1970 of an RFC 3339 time in all its tolerated forms.
  mutating func rfc3339() -> Int64? {
    guard let year = number(digits: 4), take("-"), let month = number(digits: 2), take("-"),
      let day = number(digits: 2), take("T") || take("t") || take(" "),
      let second = secondOfDay(), let fraction = fraction(), let offset = offset(), index == bytes.count,
      let date = CivilDate(year: year, month: month, day: day)
    else { return nil }
    let moment = (date.daysSince1970 * 86_400 + second - offset) * 1_000_000 + fraction
    // An offset may carry the moment out of the years that can be written.
    return moment >= Self.firstMoment && moment <= Self.lastMoment ? moment : nil
  }

  /// Microseconds since 1970 of an IMF-fixdate (RFC 9110): `Sun, 06 Nov 1994 08:49:37 GMT`.
  mutating func httpDate() -> Int64? {
    guard bytes.count == 29, word(Self.weekdays) != nil, take(","), take(" "),
      let day = number(digits: 2), take(" "), let month = word(Self.months), take(" "),
      let year = number(digits: 4), take(" "), let second = secondOfDay(), take(" "),
      take("G"), take("M"), take("T"),
      let date = CivilDate(year: year, month: month + 1, day: day)
    else { return nil }
    return (date.daysSince1970 * 86_400 + second) * 1_000_000
  }

  private static let firstMoment: Int64 = -62_135_596_800_000_000
  private static let lastMoment: Int64 = 253_402_300_799_999_999
  static let weekdays: StaticString = "SunMonTueWedThuFriSat"
  static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

  /// `hh:mm:ss`; a leap second counts as the first of the next minute.
  private mutating func secondOfDay() -> Int64? {
    guard let hour = number(digits: 2), hour < 24, take(":"), let minute = number(digits: 2),
      minute < 60, take(":"), let second = number(digits: 2), second <= 60
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  /// Microseconds after the point, 0 when there is no point; further digits are cut.
  private mutating func fraction() -> Int64? {
    guard take(".") || take(",") else { return 0 }
    var (value, unit, digits): (Int64, Int64, Int) = (0, 100_000, 0)
    while index < bytes.count, let digit = digit(at: index) {
      (value, unit) = (value + digit * unit, unit / 10)
      index += 1
      digits += 1
    }
    return digits > 0 ? value : nil
  }

  /// Seconds to take away to come to UTC: `Z`, `+hh:mm`, `+hhmm`, `+hh`, or nothing, which is UTC.
  private mutating func offset() -> Int64? {
    if index == bytes.count || take("Z") || take("z") { return 0 }
    let sign: Int64
    if take("+") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
    guard let hours = number(digits: 2), hours < 24 else { return nil }
    if index == bytes.count { return sign * hours * 3600 }
    _ = take(":")
    guard let minutes = number(digits: 2), minutes < 60 else { return nil }
    return sign * (hours * 3600 + minutes * 60)
  }

  @inline(__always)
  private mutating func number(digits: Int) -> Int64? {
    guard bytes.count - index >= digits else { return nil }
    var value: Int64 = 0
    for position in index..<index + digits {
      guard let digit = digit(at: position) else { return nil }
      value = value &* 10 &+ digit
    }
    index += digits
    return value
  }

  @inline(__always)
  private func digit(at position: Int) -> Int64? {
    let value = bytes[position] &- UInt8(ascii: "0")
    return value < 10 ? Int64(value) : nil
  }

  @inline(__always)
  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
    index += 1
    return true
  }

  /// The place of the next three letters in a list of three-letter words.
  private mutating func word(_ words: StaticString) -> Int64? {
    guard bytes.count - index >= 3 else { return nil }
    return words.withUTF8Buffer { list in
      for place in 0..<list.count / 3
      where (0..<3).allSatisfy({ list[place * 3 + $0] == bytes[index + $0] }) {
        index += 3
        return Int64(place)
      }
      return nil
    }
  }
}
