import JSON
import Outbox
package import Postgres
import StockLedger
import Time

package import struct Foundation.UUID

/// The rows of `reconciliations`: orders to compare a marketplace with the ledger, and what came of them.
package enum Reconciliations {
  package enum Reason: String, Sendable { case schedule, manual }

  /// A worker that dies leaves its marketplace locked for this long at most.
  static let lease = 120.0
  /// One that nobody has touched for so long is given up.
  private static let patience = "interval '6 hours'"

  /// Orders a reconciliation; nil while another of the same marketplace is under way, or when the slot was ordered
  /// already. `slot` names the time that the schedule gave.
  package static func order(
    _ connectionId: UUID, reason: Reason, isDryRun: Bool = false, slot: String? = nil,
    on connection: Connection
  ) throws -> Int? {
    try connection.query(
      """
      UPDATE reconciliations SET status = 'failed', error = 'nobody has ended it', finished_at = clock_timestamp()
       WHERE connection_id = $1 AND status IN ('queued', 'running')
         AND coalesce(lease_until, created_at) < clock_timestamp() - \(patience)
      """, [connectionId])
    let row = try connection.query(
      """
      INSERT INTO reconciliations (connection_id, marketplace_id, reason, is_dry_run, slot)
      SELECT c.id, c.marketplace_id, $2, $3, $4 FROM platform_connections c WHERE c.id = $1
      ON CONFLICT DO NOTHING RETURNING id
      """, [connectionId, reason.rawValue, isDryRun, slot]
    ).first
    guard let id = row?.int(0) else { return nil }
    try Outbox.append([ReconcileJob(id: id).message], on: connection)
    return id
  }

  /// A reconciliation that this worker alone may go on with.
  struct Lease: Sendable {
    var id: Int
    var token: UUID
    var connectionId: UUID
    var isDryRun: Bool
    var cursor: String?
    var pages: Int
  }

  enum Acquired: Sendable {
    case leased(Lease)
    case busy
    /// It is over already, or gone.
    case over
  }

  static func acquire(_ id: Int, on connection: Connection) throws -> Acquired {
    let token = UUID()
    let rows = try connection.query(
      """
      UPDATE reconciliations
         SET status = 'running', started_at = coalesce(started_at, clock_timestamp()), lease = $2,
             lease_until = clock_timestamp() + make_interval(secs => $3)
       WHERE id = $1 AND status IN ('queued', 'running') AND (lease IS NULL OR lease_until < clock_timestamp())
      RETURNING connection_id, is_dry_run, cursor, pages
      """, [id, token, lease])
    if let row = rows.first {
      return .leased(
        Lease(
          id: id, token: token, connectionId: row.uuid(0), isDryRun: row.bool(1), cursor: row.optionalText(2),
          pages: row.int(3)))
    }
    let isOpen =
      try connection.query(
        "SELECT 1 FROM reconciliations WHERE id = $1 AND status IN ('queued', 'running')", [id]
      ).count > 0
    return isOpen ? .busy : .over
  }

  /// Adds what a page has shown; false when the lease was lost.
  static func add(
    _ page: PageResult, to lease: Lease, cursor: String?, on connection: Connection
  ) throws -> Bool {
    try connection.query(
      """
      UPDATE reconciliations r
         SET cursor = $3, pages = pages + 1, calls = calls + $4, listings = listings + $5,
             differences = differences + $6, repaired = repaired + $7,
             biggest = (SELECT coalesce(jsonb_agg(d ORDER BY abs((d->>'difference')::bigint) DESC), '[]')
                          FROM (SELECT d FROM jsonb_array_elements(r.biggest || $8::jsonb) AS d
                                 ORDER BY abs((d->>'difference')::bigint) DESC LIMIT 20) AS b),
             lease_until = clock_timestamp() + make_interval(secs => $9)
       WHERE id = $1 AND lease = $2
      """,
      [
        lease.id, lease.token, cursor, page.calls, page.listings, page.differences.count, page.repaired,
        JSONText(JSON.array(page.differences.map(\.json)).bytes), Self.lease,
      ]
    ).affected == 1
  }

  static func release(_ lease: Lease, on connection: Connection) throws {
    try connection.query(
      "UPDATE reconciliations SET lease = NULL, lease_until = NULL WHERE id = $1 AND lease = $2",
      [lease.id, lease.token])
  }

  /// Ends it; answers how many listings were compared, and how many differed. Says in the report how many calls the
  /// marketplace got in the last day: those of polls, of reconciliations, and writes.
  static func finish(
    _ lease: Lease, error: String?, on connection: Connection
  ) throws -> (listings: Int, differences: Int) {
    let row = try connection.query(
      """
      UPDATE reconciliations r
         SET status = CASE WHEN $3::text IS NULL THEN 'done' ELSE 'failed' END, error = $3,
             finished_at = clock_timestamp(), lease = NULL, lease_until = NULL, day_calls = r.calls + (
               SELECT coalesce(sum(calls), 0) FROM poll_runs
                WHERE connection_id = r.connection_id AND started_at > \(yesterday)) + (
               SELECT coalesce(sum(o.calls), 0) FROM reconciliations o
                WHERE o.connection_id = r.connection_id AND o.id <> r.id AND o.finished_at > \(yesterday)
                  AND o.created_at > \(yesterday) - \(patience)) + (
               SELECT count(*) FROM listings l JOIN stock_bases b ON b.listing_ref = l.id
                WHERE l.connection_id = r.connection_id AND b.as_of > \(yesterday) AND b.kind = 'push')
       WHERE id = $1 AND lease = $2
      RETURNING listings, differences
      """, [lease.id, lease.token, error.map { String($0.prefix(1_000)) }]
    ).first
    return (row?.int(0) ?? 0, row?.int(1) ?? 0)
  }

  private static let yesterday = "clock_timestamp() - interval '1 day'"
}

/// What one page of listings has shown.
struct PageResult: Sendable {
  var calls: Int
  var listings: Int
  var differences: [ReconciledListing]
  var repaired: Int
}

extension ReconciledListing {
  var json: JSON {
    [
      "listing": .string(externalId), "sku": .string(sku), "ledger": .integer(ledger),
      "marketplace": .integer(marketplace), "difference": .integer(marketplace - ledger),
    ]
  }
}
