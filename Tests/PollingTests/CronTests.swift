import Polling
import Testing
import Time

@Suite struct CronTests {
  func times(_ cron: String, from: String, count: Int) throws -> [String] {
    let cron = try #require(Cron(cron))
    var moment = try #require(Timestamp(from))
    return try (0..<count).map { _ in
      moment = try #require(cron.next(after: moment))
      return moment.description
    }
  }

  @Test func `every 37 as cron is minutes 0 and 37`() throws {
    #expect(
      try times("*/37 * * * *", from: "2026-01-01T12:00:00Z", count: 3)
        == ["2026-01-01T12:37:00Z", "2026-01-01T13:00:00Z", "2026-01-01T13:37:00Z"])
  }

  @Test func `lists, ranges, steps and names`() throws {
    #expect(
      try times("5,10-12,50/5 1 * * *", from: "2026-01-01T00:00:00Z", count: 6)
        == ["01:05", "01:10", "01:11", "01:12", "01:50", "01:55"].map { "2026-01-01T\($0):00Z" })
    #expect(
      try times("0 2 * jan-mar MON-FRI/2", from: "2026-03-26T00:00:00Z", count: 2)
        == ["2026-03-27T02:00:00Z", "2026-03-30T02:00:00Z"])
  }

  @Test func `sunday is 0 and 7, and a day given twice is either`() throws {
    for sunday in ["0", "7", "sun"] {
      #expect(
        try times("0 0 * * \(sunday)", from: "2026-01-01T00:00:00Z", count: 1) == ["2026-01-04T00:00:00Z"])
    }
    #expect(
      try times("0 0 13 * fri", from: "2026-01-01T00:00:00Z", count: 3)
        == ["2026-01-02T00:00:00Z", "2026-01-09T00:00:00Z", "2026-01-13T00:00:00Z"])
  }

  @Test func `the end of a month, of a year and of February`() throws {
    #expect(try times("0 0 31 * *", from: "2026-01-31T00:00:00Z", count: 1) == ["2026-03-31T00:00:00Z"])
    #expect(try times("59 23 31 12 *", from: "2026-12-31T23:59:00Z", count: 1) == ["2027-12-31T23:59:00Z"])
    #expect(try times("0 0 29 2 *", from: "2097-01-01T00:00:00Z", count: 1) == ["2104-02-29T00:00:00Z"])
    #expect(Cron("0 0 30 2 *")?.next(after: .now()) == nil)
  }

  @Test(arguments: [
    "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
    "*/0 * * * *",
    "5-1 * * * *", "a * * * *", "1,,2 * * * *", "-1 * * * *", "1- * * * *", "*/ * * * *", "+1 * * * *",
    "1/x * * * *",
    "1-2-3 * * * *", "99999999999999999999 * * * *",
  ])
  func `what is no expression is none`(text: String) {
    #expect(Cron(text) == nil)
  }

  @Test func `a plain number is minutes`() throws {
    let schedule = try #require(FeedSchedule.parse("37"))
    #expect(schedule == .every(.seconds(37 * 60)))
    let next = try #require(schedule.next(after: Timestamp("2026-01-01T12:00:00Z") ?? .epoch))
    #expect(schedule.next(after: next) == next + .seconds(37 * 60))
    #expect(
      FeedSchedule.parse("0") == nil && FeedSchedule.parse("-5") == nil && FeedSchedule.parse("soon") == nil)
    #expect(FeedSchedule.parse("*/37 * * * *").map { if case .cron = $0 { true } else { false } } == true)
  }

  @Test func `intervals fall on the same moments for every process`() throws {
    let schedule = FeedSchedule.every(.seconds(10))
    let first = Timestamp("2026-01-01T12:00:01Z") ?? .epoch
    #expect(schedule.next(after: first) == schedule.next(after: first + .seconds(3)))
    #expect(FeedSchedule.every(.zero).next(after: first) != nil)
  }
}
