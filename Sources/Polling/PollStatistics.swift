package import JSON
package import Marketplaces
package import Postgres
package import Time

import struct Foundation.UUID

/// What became of the orders that were polled since the statistics were last reset; kept in `order_statistics` and
/// `order_errors`, where pollers and order-sync add to it, so that every process and every restart tells the same.
package struct PollStatistics: Sendable, Equatable {
  /// Orders that were known as they were: brought again by a poll, or by an event that said nothing new.
  package var alreadySynced = 0
  package var newlySynced = 0
  /// Changed or cancelled.
  package var updated = 0
  /// Never to be synced: cancelled before they were known, or not eligible.
  package var skipped = 0
  /// Orders that became dead letters.
  package var syncErrors = 0
  /// Failed polls and failed orders by their classes.
  package var errors: [String: Int] = [:]
  package var lastPollTime: Timestamp?

  package init() {}

  package var totalPolled: Int { alreadySynced + newlySynced + updated + skipped + syncErrors }

  /// Of the orders that had to be synced, those that were; in percent, with one decimal. 100 while none failed.
  package var successRate: Double {
    let good = Double(newlySynced + updated)
    let all = good + Double(syncErrors)
    return all == 0 ? 100 : (1_000 * good / all).rounded() / 10
  }
}

extension PollStatistics {
  /// The feeds that bring orders.
  package static let feeds: Set<Feed> = [.orders, .orderEvents]

  /// Of a user's connections; nil of all.
  package static func read(ofUser user: String?, on connection: Connection) throws -> PollStatistics {
    let rows = try connection.query(
      """
      SELECT coalesce(sum(s.known + s.unchanged), 0)::bigint, coalesce(sum(s.created), 0)::bigint,
             coalesce(sum(s.updated + s.cancelled), 0)::bigint, coalesce(sum(s.skipped), 0)::bigint,
             max(s.last_poll_at)
        FROM order_statistics s
       WHERE $1::text IS NULL OR s.connection_id IN (SELECT id FROM platform_connections WHERE user_id = $1)
      """, [user])
    var statistics = PollStatistics()
    if let row = rows.first {
      statistics.alreadySynced = row.int(0)
      statistics.newlySynced = row.int(1)
      statistics.updated = row.int(2)
      statistics.skipped = row.int(3)
      statistics.lastPollTime = row.optionalTimestamp(4)
    }
    try statistics.readErrors(ofUser: user, on: connection)
    return statistics
  }

  private mutating func readErrors(ofUser user: String?, on connection: Connection) throws {
    let rows = try connection.query(
      """
      SELECT e.error_class, sum(e.count)::bigint, coalesce(sum(e.count) FILTER (WHERE e.stage = 'sync'), 0)::bigint
        FROM order_errors e
       WHERE $1::text IS NULL OR e.connection_id IN (SELECT id FROM platform_connections WHERE user_id = $1)
       GROUP BY e.error_class
      """, [user])
    for row in rows {
      errors[row.text(0)] = row.int(1)
      syncErrors += row.int(2)
    }
  }

  /// Begins anew; when orders were last polled stays known.
  package static func reset(ofUser user: String?, on connection: Connection) throws {
    try connection.query(
      """
      UPDATE order_statistics s
         SET created = 0, updated = 0, cancelled = 0, skipped = 0, unchanged = 0, errors = 0, known = 0,
             reset_at = now()
        FROM (SELECT connection_id FROM order_statistics
               WHERE $1::text IS NULL
                  OR connection_id IN (SELECT id FROM platform_connections WHERE user_id = $1)
               ORDER BY connection_id FOR UPDATE) locked
       WHERE s.connection_id = locked.connection_id
      """, [user])
    try connection.query(
      """
      DELETE FROM order_errors e
       WHERE $1::text IS NULL OR e.connection_id IN (SELECT id FROM platform_connections WHERE user_id = $1)
      """, [user])
  }

  /// Adds what one run of a feed of orders came to. Last in its transaction: every lane that works for the connection
  /// waits for this row.
  static func note(
    _ counts: PollCounts, errorClass: ErrorClass?, of id: UUID, on connection: Connection
  ) throws {
    if let errorClass {
      try connection.query(
        """
        INSERT INTO order_errors AS e (connection_id, stage, error_class, count) VALUES ($1, 'poll', $2, 1)
        ON CONFLICT (connection_id, stage, error_class) DO UPDATE SET count = e.count + 1
        """, [id, errorClass.rawValue])
    }
    try connection.query(
      """
      INSERT INTO order_statistics AS s (connection_id, known, last_poll_at) VALUES ($1, $2, clock_timestamp())
      ON CONFLICT (connection_id) DO UPDATE
      SET known = s.known + excluded.known, last_poll_at = excluded.last_poll_at, updated_at = now()
      """, [id, max(0, counts.events - counts.newEvents)])
  }
}

extension PollStatistics {
  /// In the words that existing users know (requirements, order polling).
  package var json: JSON {
    [
      "total_polled": .integer(totalPolled), "already_synced": .integer(alreadySynced),
      "newly_synced": .integer(newlySynced), "updated": .integer(updated), "skipped": .integer(skipped),
      "sync_errors": .integer(syncErrors), "success_rate": .init(floatLiteral: successRate),
      "last_poll_time": .time(lastPollTime), "errors": errorsByClass,
    ]
  }

  package var errorsByClass: JSON { .object(errors.mapValues { .integer($0) }) }
}
