extension Timestamp {
  /// The moment of an HTTP `Date` header (IMF-fixdate); nil when it is written otherwise.
  package init?(httpDate: some StringProtocol) {
    var text = String(httpDate)
    let moment = text.withUTF8 { utf8 in
      var scanner = TimeScanner(bytes: UnsafeRawBufferPointer(utf8))
      return scanner.httpDate()
    }
    guard let moment else { return nil }
    self.init(microseconds: moment)
  }

  /// The moment as an HTTP `Date` header writes it, cut to seconds: `Sun, 06 Nov 1994 08:49:37 GMT`.
  package var httpDate: String {
    let (days, second) = secondsSince1970.flooredDivision(by: 86_400)
    let date = CivilDate(daysSince1970: days)
    func padded(_ value: Int64, _ digits: Int) -> String {
      let text = String(value)
      return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
    }
    func word(_ words: StaticString, _ place: Int64) -> String {
      words.withUTF8Buffer { list in
        String(decoding: list.dropFirst(Int(place) * 3).prefix(3), as: UTF8.self)
      }
    }
    let day = "\(word(TimeScanner.weekdays, date.weekday)), \(padded(date.day, 2))"
    let time = "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    return "\(day) \(word(TimeScanner.months, date.month - 1)) \(padded(date.year, 4)) \(time) GMT"
  }
}
