package import Time

/// How long what has happened is kept. A pure value.
package struct Retention: Sendable, Equatable {
  /// Ids of effects: what comes again later is still held off by the business keys (promise 3).
  package var inboxDays: Int
  /// Published packets: as far back as `crossdock audit` can account, and repair.
  package var outboxDays: Int
  package var historyDays: Int
  /// The lanes' measurements.
  package var serviceDays: Int
  /// The record of what people and workers did.
  package var activityDays: Int

  package init(
    inboxDays: Int = 60, outboxDays: Int = 14, historyDays: Int = 730, serviceDays: Int = 3,
    activityDays: Int = 90
  ) {
    self.inboxDays = inboxDays
    self.outboxDays = outboxDays
    self.historyDays = historyDays
    self.serviceDays = serviceDays
    self.activityDays = activityDays
  }

  /// The partitioned tables, with how long a partition's rows are kept.
  package var tables: [(name: String, days: Int)] {
    [("inbox", inboxDays), ("outbox", outboxDays), ("stock_history", historyDays)]
  }

  package static func cutoff(days: Int, at now: Timestamp) -> Timestamp {
    Timestamp(secondsSince1970: (now.secondsSince1970 / 86_400 - Int64(days)) * 86_400)
  }
}

/// A partition of a table, by its name: `inbox_20260131`, of a month `stock_history_20260101`. A pure value.
package struct Partition: Sendable, Equatable {
  package let name: String
  /// Behind its last row.
  package let end: Timestamp

  /// nil for the default partition, and for whatever is not named so.
  package init?(_ name: String, of table: String) {
    guard name.hasPrefix(table + "_") else { return nil }
    let digits = name.dropFirst(table.count + 1)
    guard digits.utf8.count == 8, let number = Int64(digits),
      let day = CivilDate(year: number / 10_000, month: number / 100 % 100, day: number % 100)
    else { return nil }
    self.name = name
    var next = day.daysSince1970 + 1
    if table == "stock_history" {
      let month = day.month == 12 ? (year: day.year + 1, month: 1) : (year: day.year, month: day.month + 1)
      next = CivilDate(year: month.year, month: month.month, day: 1)?.daysSince1970 ?? day.daysSince1970 + 31
    }
    end = Timestamp(secondsSince1970: next * 86_400)
  }

  package func isOver(before cutoff: Timestamp) -> Bool { end <= cutoff }
}
