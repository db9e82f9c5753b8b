import Testing
import Time

@Suite struct TimestampTests {
  @Test func `RFC 3339 is read and written back`() throws {
    let moment = try #require(Timestamp("2026-01-01T12:00:00Z"))
    #expect(moment.microseconds == 1_767_268_800_000_000)
    #expect(moment.description == "2026-01-01T12:00:00Z")
  }

  @Test(arguments: [
    ("2026-01-01T12:00:00.5Z", "2026-01-01T12:00:00.5Z"),
    ("2026-01-01T12:00:00.120Z", "2026-01-01T12:00:00.12Z"),
    ("2026-01-01T12:00:00.000001Z", "2026-01-01T12:00:00.000001Z"),
    ("2026-01-01T12:00:00.123456789Z", "2026-01-01T12:00:00.123456Z"),
    ("2026-01-01T12:00:00", "2026-01-01T12:00:00Z"),
    ("2026-01-01 12:00:00", "2026-01-01T12:00:00Z"),
    ("2026-01-01t12:00:00z", "2026-01-01T12:00:00Z"),
    ("2026-01-01T13:00:00+01:00", "2026-01-01T12:00:00Z"),
    ("2026-01-01T13:00:00+0100", "2026-01-01T12:00:00Z"),
    ("2026-01-01T13:00:00+01", "2026-01-01T12:00:00Z"),
    ("2025-12-31T19:30:00.25-04:30", "2026-01-01T00:00:00.25Z"),
    ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"),
    ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
    ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z"),
  ])
  func `the forms that marketplaces use mean the same moment`(written: String, normal: String) {
    #expect(Timestamp(written)?.description == normal)
  }

  @Test(arguments: [
    "", "2026", "2026-01-01", "2026-01-01T", "2026-01-01T12:00", "2026-01-01T12:00:00.",
    "2026-01-01T12:00:00.Z",
    "2026-01-01T12:00:00ZZ", "2026-01-01T24:00:00Z", "2026-01-01T12:60:00Z", "2026-01-01T12:00:61Z",
    "2026-00-01T12:00:00Z", "2026-13-01T12:00:00Z", "2026-01-00T12:00:00Z", "2026-01-32T12:00:00Z",
    "2025-02-29T12:00:00Z", "1900-02-29T12:00:00Z", "0000-01-01T00:00:00Z", "+2026-01-01T12:00:00Z",
    "2026-01-01T12:00:00+", "2026-01-01T12:00:00+1", "2026-01-01T12:00:00+01:", "2026-01-01T12:00:00+01:0",
    "2026-01-01T12:00:00+24:00", "2026-01-01T12:00:00+01:60", "0001-01-01T00:00:00+01:00",
    "9999-12-31T23:59:59-00:01", "2026-1-1T12:00:00Z", " 2026-01-01T12:00:00Z", "2026-01-01T12:00:00Z ",
    "1767268800", "２０２６-01-01T12:00:00Z",
  ])
  func `what is no time is refused`(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func `every prefix of a time is read without a crash`() {
    let text = "2026-01-01T12:00:00.123456+01:00"
    for length in 0...text.count { _ = Timestamp(text.prefix(length)) }
  }

  @Test func `any moment is written so that it is read as itself`() throws {
    var random = SystemRandomNumberGenerator()
    let moments: ClosedRange<Int64> = -62_135_596_800_000_000...253_402_300_799_999_999
    for _ in 0..<20_000 {
      let moment = Timestamp(microseconds: .random(in: moments, using: &random))
      #expect(Timestamp(moment.description) == moment)
    }
  }

  @Test func `moments beyond the calendar are written without a trap`() {
    #expect(!Timestamp(microseconds: .min).description.isEmpty)
    #expect(!Timestamp(microseconds: .max).description.isEmpty)
    #expect(!Timestamp(microseconds: .min).httpDate.isEmpty)
  }

  @Test func `the days of ten thousand years follow each other`() throws {
    var number = try #require(CivilDate(year: 1, month: 1, day: 1)).daysSince1970
    for year in Int64(1)...9999 {
      for month in Int64(1)...12 {
        var day: Int64 = 1
        while let date = CivilDate(year: year, month: month, day: day) {
          guard date.daysSince1970 == number, CivilDate(daysSince1970: number) == date else {
            Issue.record("\(date) is not day \(number)")
            return
          }
          number += 1
          day += 1
        }
      }
    }
    #expect(number == 2_932_897)
  }

  @Test func `a Date header is read and written back`() throws {
    let moment = try #require(Timestamp(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT"))
    #expect(moment.description == "1994-11-06T08:49:37Z")
    #expect(moment.httpDate == "Sun, 06 Nov 1994 08:49:37 GMT")
  }

  @Test(arguments: [
    "", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 31 Feb 1994 08:49:37 GMT",
    "Sonntag, 06 Nov 94", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
    "Sun, 06 Xxx 1994 08:49:37 GMT",
  ])
  func `what is no Date header is refused`(text: String) {
    #expect(Timestamp(httpDate: text) == nil)
  }

  @Test func `arithmetic is held at the ends of the range`() {
    let moment = Timestamp(secondsSince1970: 100)
    #expect(moment.adding(seconds: -200) == Timestamp(secondsSince1970: -100))
    #expect(moment + .milliseconds(1500) == Timestamp(millisecondsSince1970: 101_500))
    #expect(moment - .seconds(1) == Timestamp(secondsSince1970: 99))
    #expect(moment - Timestamp(secondsSince1970: 40) == .seconds(60))
    #expect(Timestamp(microseconds: .max).adding(seconds: .max).microseconds == .max)
    #expect(Timestamp(microseconds: .min).adding(seconds: .min).microseconds == .min)
    #expect(Timestamp(secondsSince1970: .max).microseconds == .max)
    #expect(Timestamp(microseconds: .min) - Timestamp(microseconds: .max) == .microseconds(Int64.min))
  }

  @Test func `milliseconds and seconds round down before 1970 too`() {
    let moment = Timestamp(microseconds: -1)
    #expect(moment.millisecondsSince1970 == -1)
    #expect(moment.secondsSince1970 == -1)
  }

  @Test func `later moments compare greater`() {
    #expect(Timestamp.epoch < Timestamp(microseconds: 1))
    #expect(Timestamp.now() > Timestamp.epoch)
  }
}
