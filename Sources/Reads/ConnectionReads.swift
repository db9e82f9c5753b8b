package import JSON
package import Postgres

/// The marketplace accounts, without anything secret, as programs see them.
package enum ConnectionReads {
  private static let object = """
    jsonb_build_object('id', c.id, 'user_id', c.user_id, 'platform', c.platform,
      'marketplace_id', c.marketplace_id, 'name', c.name, 'base_url', c.base_url, 'dialect', c.dialect,
      'mode', c.mode, 'sync_rules', c.sync_rules, 'realtime_enabled', c.realtime_enabled, 'status', c.status,
      'created_at', c.created_at, 'updated_at', c.updated_at)
    """

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
