package import JSON
package import Postgres

/// Whether what fetches, sends and times is at work.
package enum MonitorReads {
  /// A scheduler that has not led for this long is not there.
  package static let schedulerPatience = 15

  /// When a scheduler last led, and whether that is recent.
  package static func scheduler(on connection: Connection) throws -> JSON {
    let rows = try connection.query(
      """
      SELECT jsonb_build_object('running', coalesce(max(beat_at) > clock_timestamp() - make_interval(secs => $1),
               false), 'last_beat_at', max(beat_at)) FROM scheduler_beat
      """, [Double(schedulerPatience)])
    return try rows.first.map { try JSON.parse($0.bytes(0)) } ?? .null
  }

  /// The feeds of the connections that are seen.
  package static func feeds(in scope: Scope, on connection: Connection) throws -> [JSON] {
    let rows = try connection.query(
      """
      SELECT jsonb_build_object('connection_id', f.connection_id, 'connection', c.name, 'platform', c.platform,
               'feed', f.feed, 'status', f.status, 'last_polled_at', f.last_polled_at,
               'next_due_at', f.next_due_at,
               'lag_seconds', greatest(0, floor(extract(epoch FROM now() - f.last_polled_at))),
               'last_error', f.last_error)
        FROM feeds f JOIN platform_connections c ON c.id = f.connection_id
       WHERE $1::text IS NULL OR c.user_id = $1
       ORDER BY c.marketplace_id, f.feed LIMIT 1000
      """, [scope.owner])
    return try rows.map { try JSON.parse($0.bytes(0)) }
  }

  /// The breakers that hold back calls of the connections that are seen.
  package static func breakers(in scope: Scope, on connection: Connection) throws -> [JSON] {
    let rows = try connection.query(
      """
      SELECT jsonb_build_object('connection_id', c.id, 'connection', c.name, 'platform', c.platform,
               'error_class', b.error_class, 'failures', b.failures, 'opened_at', b.opened_at,
               'open_until', b.open_until)
        FROM breakers b JOIN platform_connections c ON c.id = b.connection_id
       WHERE b.open_until IS NOT NULL AND ($1::text IS NULL OR c.user_id = $1)
       ORDER BY c.marketplace_id, b.error_class LIMIT 1000
      """, [scope.owner])
    return try rows.map { try JSON.parse($0.bytes(0)) }
  }

  /// What waits to be published, and for how long.
  package static func outbox(on connection: Connection) throws -> JSON {
    let rows = try connection.query(
      """
      SELECT jsonb_build_object('packets', count(*), 'messages', coalesce(sum(count), 0),
               'oldest_age_seconds', coalesce(greatest(0, floor(extract(epoch FROM now() - min(created_at)))), 0))
        FROM (SELECT created_at, count FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 10000) pending
      """)
    return try rows.first.map { try JSON.parse($0.bytes(0)) } ?? .null
  }
}
