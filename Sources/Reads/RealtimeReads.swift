package import JSON
package import Postgres

package import struct Foundation.UUID

/// What webhooks have brought lately, as programs see it.
package enum RealtimeReads {
  /// Of one connection in the last day, among its latest thousand events.
  package static func recent(of id: UUID, on connection: Connection) throws -> JSON {
    let rows = try connection.query(
      """
      SELECT jsonb_build_object('last_event_at', max(created_at),
               'events_last_day', count(*) FILTER (WHERE created_at > now() - interval '1 day'),
               'failed_last_day',
               count(*) FILTER (WHERE status = 'failed' AND created_at > now() - interval '1 day'))
        FROM (SELECT created_at, status FROM webhook_events WHERE connection_id = $1
               ORDER BY id DESC LIMIT 1000) latest
      """, [id])
    return try rows.first.map { try JSON.parse($0.bytes(0)) } ?? [:]
  }

  /// Of the connections that are seen.
  package static func health(in scope: Scope, on connection: Connection) throws -> JSON {
    let rows = try connection.query(
      """
      SELECT jsonb_build_object('connections', count(*), 'enabled', count(*) FILTER (WHERE c.realtime_enabled),
               'last_event_at', max(e.created_at))
        FROM platform_connections c
        LEFT JOIN LATERAL (SELECT created_at FROM webhook_events w WHERE w.connection_id = c.id
                            ORDER BY id DESC LIMIT 1) e ON true
       WHERE $1::text IS NULL OR c.user_id = $1
      """, [scope.owner])
    var data = try rows.first.map { try JSON.parse($0.bytes(0)) } ?? [:]
    let scheduler = try MonitorReads.scheduler(on: connection)
    data["scheduler"] = scheduler
    data["status"] = scheduler["running"].bool == true ? "healthy" : "degraded"
    return data
  }
}
