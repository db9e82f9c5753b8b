package import Postgres
package import Topology

/// How far the stored events are: moves `webhook_events.status` from `published` to `processed` when every consumer
/// that is bound to an event is done with it, and to `failed` while a dead letter of one of them holds it.
///
/// It looks at a page of those that are not settled at a time, by partial indexes, so that it costs the same however
/// many events there are. What became of a webhook, and how long after its receipt, goes to `activity_log`.
package struct EventStatus: Sendable {
  /// Events per look.
  package static let pageSize = 2_000

  /// Which consumers each routing key's type goes to, as two columns.
  private let types: [String]
  private let consumers: [String]

  /// `bindings`: types of events with the queues that they go to.
  package init(bindings: [(type: String, queues: [Queue])]) {
    let pairs = bindings.flatMap { binding in binding.queues.map { (binding.type, $0.rawValue) } }
    types = pairs.map(\.0)
    consumers = pairs.map(\.1)
  }

  /// Where the next look begins, of each status; 0 at the beginning.
  package struct Place: Sendable, Equatable {
    package var published = 0
    package var failed = 0

    package init() {}
  }

  /// What one look has done.
  package struct Moved: Sendable, Equatable {
    package var next = Place()
    package var moved = 0
  }

  /// One look from a place on, within the caller's transaction.
  package func move(from place: Place, on connection: Connection) throws(PostgresError) -> Moved {
    // Estimates of so changeable an index are worthless: a hash join would read the whole inbox.
    _ = try connection.send("SET LOCAL enable_hashjoin = off")
    _ = try connection.send("SET LOCAL enable_mergejoin = off")
    let published = try move("published", after: place.published, on: connection)
    let failed = try move("failed", after: place.failed, on: connection)
    return Moved(
      next: Place.after(published: published.last, failed: failed.last),
      moved: published.moved + failed.moved)
  }

  /// Answers the last row that was looked at, 0 when there are no more, and how many changed.
  private func move(
    _ status: String, after id: Int, on connection: Connection
  ) throws(PostgresError) -> (last: Int, moved: Int) {
    let rows = try connection.query(
      Self.statement("status = '\(status)' AND id > $1"), [id, Self.pageSize, types, consumers])
    guard let row = rows.first else { return (0, 0) }
    return (row.int(1) < Self.pageSize ? 0 : row.int(0), row.int(2))
  }

  /// Moves one event, for somebody who waits for it; nil when there is none of that number.
  package func settle(
    _ id: Int, on connection: Connection
  ) throws(PostgresError) -> (status: String, error: String?)? {
    try connection.query(
      Self.statement("id = $1 AND status IN ('published','failed')"), [id, 1, types, consumers])
    let rows = try connection.query(
      "SELECT status, processing_error FROM webhook_events WHERE id = $1", [id])
    return rows.first.map { ($0.text(0), $0.optionalText(1)) }
  }

  /// A dead letter that was requeued since is no failure any more. What is done everywhere is done, even if the desk
  /// still has a copy.
  private static func statement(_ condition: String) -> String {
    """
    WITH page AS MATERIALIZED (
      SELECT id, status AS former, message_id, event_type, occurred_at FROM webhook_events
       WHERE \(condition) ORDER BY id LIMIT $2
    ), standing AS MATERIALIZED (
      SELECT p.id, p.former, p.message_id,
             NOT EXISTS (
               SELECT FROM unnest($3::text[], $4::text[]) AS b(event_type, consumer)
                WHERE b.event_type = p.event_type AND NOT EXISTS (
                  SELECT FROM inbox i WHERE i.consumer = b.consumer AND i.event_time = p.occurred_at
                                        AND i.message_id = p.message_id)) AS is_done,
             f.error, f.attempts
        FROM page p
        LEFT JOIN LATERAL (
          SELECT f.error, f.attempts FROM event_failures f
           WHERE f.message_id = p.message_id AND NOT EXISTS (
             SELECT FROM dead_letter_actions a WHERE a.queue = f.queue AND a.message_id = f.message_id
                AND a.action IN ('requeue','edit') AND a.created_at > f.failed_at)
           ORDER BY f.failed_at DESC LIMIT 1) f ON true
       WHERE p.message_id IS NOT NULL
    ), verdict AS MATERIALIZED (
      SELECT id, former, message_id, error, attempts,
             CASE WHEN is_done THEN 'processed' WHEN error IS NULL THEN 'published' ELSE 'failed' END AS status
        FROM standing
    ), changed AS (
      UPDATE webhook_events e
         SET status = v.status, processing_error = CASE WHEN v.status = 'failed' THEN v.error END,
             retry_count = coalesce(v.attempts, e.retry_count),
             processed_at = CASE WHEN v.status = 'processed' THEN clock_timestamp() END
        FROM (SELECT * FROM verdict WHERE status <> former ORDER BY id) v
       WHERE e.id = v.id AND e.status = v.former
      RETURNING e.id, e.connection_id, e.event_id, e.event_type, e.source, e.status, e.processing_error, e.created_at
    ), noted AS (
      INSERT INTO activity_log (connection_id, user_id, kind, body, duration_ms)
      SELECT c.connection_id, p.user_id, 'webhook.' || c.status,
             jsonb_build_object('event', c.id, 'eventId', c.event_id, 'eventType', c.event_type,
                                'receivedAt', c.created_at, 'error', c.processing_error),
             extract(epoch FROM clock_timestamp() - c.created_at)::float8 * 1000
        FROM changed c LEFT JOIN platform_connections p ON p.id = c.connection_id
       WHERE c.source = 'webhook' AND c.status IN ('processed', 'failed')
    ), forgotten AS (
      DELETE FROM event_failures f USING verdict v
       WHERE v.status = 'processed' AND f.message_id = v.message_id
    )
    SELECT (SELECT max(id) FROM page), (SELECT count(*) FROM page), (SELECT count(*) FROM changed)
    """
  }
}

extension EventStatus.Place {
  fileprivate static func after(published: Int, failed: Int) -> EventStatus.Place {
    var place = EventStatus.Place()
    place.published = published
    place.failed = failed
    return place
  }
}
