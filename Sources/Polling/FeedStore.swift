package import Marketplaces
package import Postgres
package import Time

package import struct Foundation.UUID

/// The feeds in Postgres: where each stands, and who polls it now.
package struct FeedStore: Sendable {
  package init() {}

  /// A feed that this worker alone may poll, until the lease ends.
  package struct Lease: Sendable, Equatable {
    package var connectionId: UUID
    package var feed: Feed
    package var token: UUID
    package var position: FeedPosition
    package var status: FeedStatus
    /// Whether it was ever polled to a good end.
    package var isFresh: Bool
    /// The database's clock at the beginning.
    package var now: Timestamp

    /// For a dry run, which holds nothing.
    static func none(of connectionId: UUID, _ feed: Feed, at position: FeedPosition, now: Timestamp) -> Lease
    {
      Lease(
        connectionId: connectionId, feed: feed, token: UUID(), position: position, status: .active,
        isFresh: false,
        now: now)
    }
  }

  package enum Acquired: Sendable, Equatable {
    case leased(Lease)
    /// Another worker has it, for this long at most.
    case busy(remaining: Duration)
  }

  /// The lease is lost: another worker has the feed, or has moved it.
  struct LeaseLost: Error, CustomStringConvertible {
    var description: String { "another worker has taken the feed over" }
  }

  /// Takes the lease of a feed, making its row if there is none.
  package func acquire(
    _ feed: Feed, of connectionId: UUID, for duration: Duration, on connection: Connection
  ) throws -> Acquired {
    let token = UUID()
    try connection.query(
      "INSERT INTO feeds (connection_id, feed) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [connectionId, feed.rawValue])
    let rows = try connection.query(
      """
      UPDATE feeds SET lease_token = $3, lease_until = clock_timestamp() + make_interval(secs => $4)
      WHERE connection_id = $1 AND feed = $2 AND (lease_token IS NULL OR lease_until < clock_timestamp())
      RETURNING cursor, window_from, window_to, page_cursor, completed_to, status, last_polled_at IS NULL,
                clock_timestamp()
      """, [connectionId, feed.rawValue, token, duration.inSecondsExactly])
    guard let row = rows.first else {
      return .busy(remaining: try remaining(feed, of: connectionId, on: connection))
    }
    return .leased(
      Lease(
        connectionId: connectionId, feed: feed, token: token, position: Self.position(row),
        status: FeedStatus(rawValue: row.text(5)) ?? .active, isFresh: row.bool(6), now: row.timestamp(7)))
  }

  /// Where a feed stands, without a lease: for dry runs.
  package func peek(_ feed: Feed, of connectionId: UUID, on connection: Connection) throws -> FeedPosition {
    let rows = try connection.query(
      """
      SELECT cursor, window_from, window_to, page_cursor, completed_to FROM feeds
      WHERE connection_id = $1 AND feed = $2
      """, [connectionId, feed.rawValue])
    return rows.first.map(Self.position) ?? FeedPosition()
  }

  private static func position(_ row: Row) -> FeedPosition {
    let window = row.optionalTimestamp(1).flatMap { from in
      row.optionalTimestamp(2).map { FeedRequest.Window(from: from, to: $0) }
    }
    return FeedPosition(
      cursor: row.optionalText(0), window: window, pageCursor: row.optionalText(3),
      completedTo: row.optionalTimestamp(4))
  }

  private func remaining(_ feed: Feed, of connectionId: UUID, on connection: Connection) throws -> Duration {
    let rows = try connection.query(
      "SELECT lease_until, clock_timestamp() FROM feeds WHERE connection_id = $1 AND feed = $2",
      [connectionId, feed.rawValue])
    guard let row = rows.first, let until = row.optionalTimestamp(0) else { return .zero }
    return max(until - row.timestamp(1), .zero)
  }

  /// Moves a feed that is leased, and renews the lease; throws when it was lost (Rule 23: a worker that was frozen
  /// and wakes up must not move the cursor back).
  package func move(
    _ lease: Lease, to position: FeedPosition, renewingFor duration: Duration, on connection: Connection
  ) throws {
    let rows = try connection.query(
      """
      UPDATE feeds
      SET cursor = $6, window_from = $7, window_to = $8, page_cursor = $9, completed_to = $10,
          lease_until = clock_timestamp() + make_interval(secs => $11)
      WHERE connection_id = $1 AND feed = $2 AND lease_token = $3
        AND cursor IS NOT DISTINCT FROM $4 AND page_cursor IS NOT DISTINCT FROM $5
      """,
      [
        lease.connectionId, lease.feed.rawValue, lease.token, lease.position.cursor,
        lease.position.pageCursor,
        position.cursor, position.window?.from, position.window?.to, position.pageCursor,
        position.completedTo,
        duration.inSecondsExactly,
      ])
    guard rows.affected == 1 else { throw LeaseLost() }
  }

  /// Makes a lease last so much longer from now on; false when it was lost.
  func renew(_ lease: Lease, for duration: Duration, on connection: Connection) throws -> Bool {
    try connection.query(
      """
      UPDATE feeds SET lease_until = clock_timestamp() + make_interval(secs => $4)
      WHERE connection_id = $1 AND feed = $2 AND lease_token = $3
      """, [lease.connectionId, lease.feed.rawValue, lease.token, duration.inSecondsExactly]
    ).affected == 1
  }

  /// Sets the cursor of a feed that was never polled.
  package func begin(
    _ feed: Feed, of connectionId: UUID, after cursor: String, on connection: Connection
  ) throws {
    try connection.query(
      """
      INSERT INTO feeds (connection_id, feed, cursor) VALUES ($1, $2, $3)
      ON CONFLICT (connection_id, feed) DO UPDATE SET cursor = excluded.cursor
      WHERE feeds.cursor IS NULL AND feeds.last_polled_at IS NULL
      """, [connectionId, feed.rawValue, cursor])
  }

  /// Gives a lease back. `status` nil leaves the status; `isDone` frees the job's slot for the next one.
  package func release(
    _ lease: Lease, slot: String, status: FeedStatus?, error: String?, isDone: Bool, on connection: Connection
  ) throws {
    try connection.query(
      """
      UPDATE feeds
      SET lease_token = NULL, lease_until = NULL, status = coalesce($4, status), last_error = $5,
          last_polled_at = CASE WHEN $6 AND $5::text IS NULL THEN clock_timestamp() ELSE last_polled_at END,
          job_expires_at = CASE WHEN $6 AND job_slot = $7 THEN NULL ELSE job_expires_at END
      WHERE connection_id = $1 AND feed = $2 AND lease_token = $3
      """,
      [
        lease.connectionId, lease.feed.rawValue, lease.token, status?.rawValue,
        error.map { String($0.prefix(1_000)) },
        isDone, slot,
      ])
  }

  /// Gives a lease back with nothing done, and frees the job's slot.
  func abandon(_ lease: Lease, slot: String, on connection: Connection) throws {
    try connection.query(
      """
      UPDATE feeds SET lease_token = NULL, lease_until = NULL,
             job_expires_at = CASE WHEN job_slot = $4 THEN NULL ELSE job_expires_at END
      WHERE connection_id = $1 AND feed = $2 AND lease_token = $3
      """, [lease.connectionId, lease.feed.rawValue, lease.token, slot])
  }

  /// Frees the slot of a job that is of no more use.
  package func forget(
    slot: String, of feed: Feed, connectionId: UUID, on connection: Connection
  ) throws {
    try connection.query(
      "UPDATE feeds SET job_expires_at = NULL WHERE connection_id = $1 AND feed = $2 AND job_slot = $3",
      [connectionId, feed.rawValue, slot])
  }

  /// Notes which job of a feed is outstanding.
  package func note(
    slot: String, expiresAt: Timestamp, of feed: Feed, connectionId: UUID, on connection: Connection
  ) throws {
    try connection.query(
      "UPDATE feeds SET job_slot = $3, job_expires_at = $4 WHERE connection_id = $1 AND feed = $2",
      [connectionId, feed.rawValue, slot, expiresAt])
  }
}

extension Duration {
  /// Seconds as `make_interval` takes them.
  var inSecondsExactly: Double { Double(wholeMicroseconds) / 1e6 }
}
