import Postgres
import RabbitMQ
import Time

import struct Foundation.UUID

/// What a lane has done in the present minute, for those who look at queues from elsewhere (`service_times`). Written
/// every few seconds, between batches; a row that could not be written is no harm.
struct ServiceRecord {
  private let queue: String
  private let lane = UUID()
  private var minute: Timestamp
  private var started = ContinuousClock.now
  private var written = ContinuousClock.now
  private var hasNews = false

  private var messages = 0
  private var busy = Duration.zero
  private var database = Duration.zero
  private var handling = TimeHistogram()
  private var endToEnd = TimeHistogram()
  private var lastPublishedAt: Timestamp?

  init(queue: String, at now: Timestamp = .now()) {
    self.queue = queue
    minute = Self.minute(of: now)
  }

  private static func minute(of moment: Timestamp) -> Timestamp {
    Timestamp(secondsSince1970: moment.secondsSince1970 / 60 * 60)
  }

  /// Notes a batch that was settled just now. Only its oldest and its newest message are asked when they were
  /// published.
  mutating func note(
    _ deliveries: [Delivery], took duration: Duration, waitedForDatabase waited: Duration, at now: Timestamp
  ) {
    hasNews = true
    messages += deliveries.count
    busy += duration
    database += waited
    handling.add(duration, times: deliveries.count)
    let ends = deliveries.count > 1 ? [deliveries[0], deliveries[deliveries.count - 1]] : deliveries
    for delivery in ends {
      guard let sent = delivery.header(LetterHeader.publishedAt)?.integer else { continue }
      let published = Timestamp(millisecondsSince1970: sent)
      endToEnd.add(now - published, times: max(1, deliveries.count / ends.count))
      lastPublishedAt = max(lastPublishedAt ?? published, published)
    }
  }

  /// Writes what there is to write, at most every 5 s unless it is the last time, and begins another minute when it
  /// is time.
  mutating func write(on connection: Postgres.Connection?, at now: Timestamp = .now(), isLast: Bool = false) {
    let isOver = Self.minute(of: now) != minute
    guard hasNews else {
      if isOver { begin(at: now) }
      return
    }
    guard isOver || isLast || .now - written > .seconds(5), let connection else { return }
    _ = try? connection.query(
      """
      INSERT INTO service_times (queue, minute, lane, seconds, messages, busy_seconds, database_seconds,
                                 handling_ms, end_to_end_ms, last_published_at)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT (queue, minute, lane) DO UPDATE
         SET seconds = $4, messages = $5, busy_seconds = $6, database_seconds = $7, handling_ms = $8,
             end_to_end_ms = $9, last_published_at = $10, updated_at = clock_timestamp()
      """,
      [
        queue, minute, lane, (.now - started) / .seconds(1), messages, busy / .seconds(1),
        database / .seconds(1), handling.counts, endToEnd.counts, lastPublishedAt,
      ])
    written = .now
    hasNews = false
    if isOver { begin(at: now) }
  }

  private mutating func begin(at now: Timestamp) {
    minute = Self.minute(of: now)
    started = .now
    messages = 0
    (busy, database) = (.zero, .zero)
    (handling, endToEnd) = (TimeHistogram(), TimeHistogram())
  }
}
