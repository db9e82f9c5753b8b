package import JSON
package import Postgres

/// The comparisons of listings with the ledger, as programs see them.
package enum ReconciliationReads {
  private static let object = """
    jsonb_build_object('id', r.id, 'connection_id', r.connection_id, 'marketplace_id', r.marketplace_id,
      'reason', r.reason, 'dry_run', r.is_dry_run, 'status', r.status, 'pages', r.pages, 'calls', r.calls,
      'day_calls', r.day_calls,
      'listings', r.listings, 'differences', r.differences, 'repaired', r.repaired, 'biggest', r.biggest,
      'error', r.error, 'created_at', r.created_at, 'started_at', r.started_at, 'finished_at', r.finished_at)
    """

  /// A page of reconciliations.
  package static func rows(
    status: String?, marketplace: Int?, in scope: Scope, _ page: PageWish, on connection: Connection
  ) throws -> [JSON] {
    var query = PageQuery(object, from: "reconciliations r", key: "r.id", owner: "r.connection_id")
    query.filter(status) { "r.status = \($0)" }
    query.filter(marketplace) { "r.marketplace_id = \($0)" }
    return try query.rows(
      before: page.before, limit: page.limit, ofOwners: scope.connections(on: connection), on: connection)
  }
}
