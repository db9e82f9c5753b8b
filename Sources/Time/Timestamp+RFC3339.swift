extension Timestamp: CustomStringConvertible {
  /// A time as marketplaces write it: RFC 3339, or without a zone (then UTC), with `+0100`, with a space for
  /// the `T`, in lower case, or with nanoseconds (cut to microseconds). Nil when it is none of these.
  package init?(_ rfc3339: some StringProtocol) {
    var text = String(rfc3339)
    guard let parsed = text.withUTF8({ Timestamp(utf8: UnsafeRawBufferPointer($0)) }) else { return nil }
    self = parsed
  }

  /// The same from UTF-8 bytes.
  package init?(utf8: UnsafeRawBufferPointer) {
    var scanner = TimeScanner(bytes: utf8)
    guard let microseconds = scanner.rfc3339() else { return nil }
    self.init(microseconds: microseconds)
  }

  /// RFC 3339 in UTC, with up to six fraction digits and no trailing zeros: `2026-01-01T12:00:00Z`.
  @usableFromInline
  package var description: String {
    var bytes: [UInt8] = []
    write(into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Appends what `description` says.
  package func write(into bytes: inout [UInt8]) {
    let (seconds, fraction) = microseconds.flooredDivision(by: 1_000_000)
    let (days, secondOfDay) = seconds.flooredDivision(by: 86_400)
    let date = CivilDate(daysSince1970: days)
    bytes.reserveCapacity(bytes.count + 27)
    Self.write(date.year, digits: 4, into: &bytes)
    bytes.append(UInt8(ascii: "-"))
    Self.write(date.month, digits: 2, into: &bytes)
    bytes.append(UInt8(ascii: "-"))
    Self.write(date.day, digits: 2, into: &bytes)
    bytes.append(UInt8(ascii: "T"))
    Self.write(secondOfDay / 3600, digits: 2, into: &bytes)
    bytes.append(UInt8(ascii: ":"))
    Self.write(secondOfDay / 60 % 60, digits: 2, into: &bytes)
    bytes.append(UInt8(ascii: ":"))
    Self.write(secondOfDay % 60, digits: 2, into: &bytes)
    if fraction != 0 {
      bytes.append(UInt8(ascii: "."))
      var (rest, digits) = (fraction, 6)
      while rest % 10 == 0 { (rest, digits) = (rest / 10, digits - 1) }
      Self.write(rest, digits: digits, into: &bytes)
    }
    bytes.append(UInt8(ascii: "Z"))
  }

  private static func write(_ value: Int64, digits: Int, into bytes: inout [UInt8]) {
    var unit: Int64 = 1
    for _ in 1..<digits { unit *= 10 }
    guard 0..<unit * 10 ~= value else {
      // A year that RFC 3339 has no form for, which only arithmetic can reach.
      bytes.append(contentsOf: String(value).utf8)
      return
    }
    while unit > 0 {
      bytes.append(UInt8(ascii: "0") + UInt8(value / unit % 10))
      unit /= 10
    }
  }
}
