package import JSON
package import Postgres

package import struct Foundation.UUID

/// The marketplace accounts, without anything secret, as programs see them.
package enum ConnectionReads {
  private static let object = """
    jsonb_build_object('id', c.id, 'user_id', c.user_id, 'platform', c.platform,
      'marketplace_id', c.marketplace_id, 'name', c.name, 'base_url', c.base_url, 'dialect', c.dialect,
      'mode', c.mode, 'sync_rules', c.sync_rules, 'realtime_enabled', c.realtime_enabled, 'status', c.status,
      'created_at', c.created_at, 'updated_at', c.updated_at)
    """

  /// A connection with the standing of its feeds, breakers, webhooks and pushes; nil when none of that id is seen.
  package static func connection(_ id: UUID, in scope: Scope, on connection: Connection) throws -> JSON? {
    let rows = try connection.query(
      """
      SELECT \(object) || jsonb_build_object(
               'listings', (SELECT count(*) FROM listings l WHERE l.connection_id = c.id),
               'feeds',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('feed', f.feed, 'status', f.status,
                         'last_polled_at', f.last_polled_at, 'next_due_at', f.next_due_at,
                         'last_error', f.last_error) ORDER BY f.feed), '[]')
                  FROM feeds f WHERE f.connection_id = c.id),
               'breakers',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('error_class', b.error_class, 'failures', b.failures,
                         'opened_at', b.opened_at, 'open_until', b.open_until) ORDER BY b.error_class), '[]')
                  FROM breakers b WHERE b.connection_id = c.id AND b.failures > 0),
               'runs',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('feed', r.feed, 'started_at', r.started_at,
                         'error', r.error) ORDER BY r.started_at DESC), '[]')
                  FROM (SELECT feed, started_at, error FROM poll_runs p WHERE p.connection_id = c.id
                         ORDER BY p.started_at DESC LIMIT 20) r WHERE r.error IS NOT NULL),
               'push_failures',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('listing', l.external_id, 'error', p.error,
                         'at', p.updated_at) ORDER BY p.updated_at DESC), '[]')
                  FROM (SELECT listing_ref, error, updated_at FROM stock_pushes
                         WHERE connection_id = c.id AND outcome = 'failed'
                         ORDER BY updated_at DESC LIMIT 10) p
                  JOIN listings l ON l.id = p.listing_ref))
        FROM platform_connections c
       WHERE c.id = $1 AND ($2::text IS NULL OR c.user_id = $2)
      """, [id, scope.owner])
    return try rows.first.map { try JSON.parse($0.bytes(0)) }
  }

  /// A page of connections.
  package static func rows(
    platform: String?, in scope: Scope, _ page: PageWish, on connection: Connection
  ) throws -> [JSON] {
    var query = PageQuery(object, from: "platform_connections c", key: "c.marketplace_id", owner: "c.user_id")
    query.filter(platform) { "c.platform = \($0)" }
    query.filter(scope.connection) { "c.id = \($0)" }
    return try query.rows(
      before: page.before, limit: page.limit, ofOwners: scope.owner.map { [$0] }, on: connection)
  }
}
