package import Lane
package import Postgres
package import Time
package import Topology

/// What the lanes of one queue have measured of late, from `service_times`. A pure value.
package struct ServiceTimes: Sendable, Equatable {
  /// Lanes that were at work within the last 20 s.
  package var lanes = 0
  /// Messages a second that they handle together; 0 when none is at work.
  package var rate = 0.0
  /// Of the last ten minutes.
  package var messages = 0
  package var busySeconds = 0.0
  package var databaseSeconds = 0.0
  /// The share of their time that the lanes at work were busy.
  package var utilisation = 0.0
  package var handling = TimeHistogram()
  package var endToEnd = TimeHistogram()
  /// When the newest message was published that any lane has been given, ever.
  package var lastPublishedAt: Timestamp?

  package init() {}

  /// A lane's row of one minute.
  package struct Row: Sendable {
    package var minute: Timestamp
    package var updatedAt: Timestamp
    /// From the row's beginning to its last writing.
    package var seconds: Double
    package var messages: Int
    package var busySeconds: Double
    package var databaseSeconds: Double
    package var handling: TimeHistogram
    package var endToEnd: TimeHistogram
    package var lastPublishedAt: Timestamp?

    package init(
      minute: Timestamp, updatedAt: Timestamp, seconds: Double, messages: Int, busySeconds: Double,
      databaseSeconds: Double, handling: TimeHistogram = .init(), endToEnd: TimeHistogram = .init(),
      lastPublishedAt: Timestamp? = nil
    ) {
      self.minute = minute
      self.updatedAt = updatedAt
      self.seconds = seconds
      self.messages = messages
      self.busySeconds = busySeconds
      self.databaseSeconds = databaseSeconds
      self.handling = handling
      self.endToEnd = endToEnd
      self.lastPublishedAt = lastPublishedAt
    }
  }

  package mutating func add(_ row: Row, now: Timestamp) {
    messages += row.messages
    busySeconds += row.busySeconds
    databaseSeconds += row.databaseSeconds
    handling.add(row.handling)
    endToEnd.add(row.endToEnd)
    lastPublishedAt = [lastPublishedAt, row.lastPublishedAt].compactMap { $0 }.max()
    guard now - row.updatedAt < .seconds(20) else { return }
    // A row that has not been written since covers the idle time up to now as well.
    let covered = max(row.seconds + (now - row.updatedAt) / .seconds(1), 0.001)
    rate += Double(row.messages) / covered
    utilisation = (utilisation * Double(lanes) + min(1, row.busySeconds / covered)) / Double(lanes + 1)
    lanes += 1
  }
}

extension ServiceTimes {
  /// Of every queue that has been worked on within ten minutes.
  package static func read(on connection: Connection) throws(PostgresError) -> [Queue: ServiceTimes] {
    let rows = try connection.query(
      """
      SELECT queue, minute, updated_at, seconds, messages, busy_seconds, database_seconds,
             array_to_string(handling_ms, ','), array_to_string(end_to_end_ms, ','), last_published_at,
             clock_timestamp()
        FROM service_times WHERE minute > now() - interval '10 min' ORDER BY minute
      """)
    var times: [Queue: ServiceTimes] = [:]
    for row in rows {
      guard let queue = Queue(rawValue: row.text(0)) else { continue }
      times[queue, default: ServiceTimes()].add(
        Row(
          minute: row.timestamp(1), updatedAt: row.timestamp(2), seconds: row.double(3), messages: row.int(4),
          busySeconds: row.double(5), databaseSeconds: row.double(6), handling: histogram(row.text(7)),
          endToEnd: histogram(row.text(8)), lastPublishedAt: row.optionalTimestamp(9)),
        now: row.timestamp(10))
    }
    return times
  }

  private static func histogram(_ counts: String) -> TimeHistogram {
    TimeHistogram(counts.split(separator: ",").map { Int($0) ?? 0 })
  }
}
