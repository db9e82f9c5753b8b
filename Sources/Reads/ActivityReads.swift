package import JSON
package import Postgres

/// What people and the system did, as programs see it.
package enum ActivityReads {
  private static let object = """
    jsonb_build_object('id', a.id, 'connection_id', a.connection_id, 'user_id', a.user_id, 'kind', a.kind,
      'body', a.body, 'duration_ms', a.duration_ms, 'created_at', a.created_at)
    """

  /// A page of the log; a seller sees what concerns himself.
  package static func rows(
    kind: String?, in scope: Scope, _ page: PageWish, on connection: Connection
  ) throws -> [JSON] {
    var query = PageQuery(object, from: "activity_log a", key: "a.id", owner: "a.user_id")
    query.filter(kind) { "a.kind = \($0)" }
    query.filter(scope.connection) { "a.connection_id = \($0)" }
    return try query.rows(
      before: page.before, limit: page.limit, ofOwners: scope.owner.map { [$0] }, on: connection)
  }
}
