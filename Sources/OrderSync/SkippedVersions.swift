import Events
import Foundation
import Postgres

/// The versions of orders that don't exist, kept until one comes that qualifies (Rule 13).
enum SkippedVersions {
  /// Queues the look at what is kept of the orders, whose names nobody else can take by now.
  ///
  /// OFFSET keeps the index on the inner side: a plan made while the table is empty, which it mostly is, would
  /// otherwise read all of it once per batch when it no longer is.
  static func read(_ names: [OrderName], on connection: Connection) throws(PostgresError) -> Reply {
    try connection.send(
      """
      SELECT s.connection_id, s.external_id, s.source_updated_at, s.closed, s.observed_at, s.digest, s.event,
             s.reason
        FROM unnest($1::uuid[], $2::text[]) AS n(connection_id, external_id)
       CROSS JOIN LATERAL (SELECT * FROM skipped_orders s
                            WHERE s.connection_id = n.connection_id AND s.external_id = n.external_id
                           OFFSET 0) AS s
      """, [names.map(\.connection), names.map(\.external)])
  }

  /// What was kept of each order. It has been judged already; it does not qualify.
  static func versions(in rows: Rows) throws -> [OrderName: [OrderVersion]] {
    var versions: [OrderName: [OrderVersion]] = [:]
    for row in rows {
      let event = try Event.decode(row.bytes(6))
      guard let order = event.order else { continue }
      let name = OrderName(connection: row.uuid(0), external: row.text(1))
      versions[name, default: []].append(
        OrderVersion(
          order, in: event, key: VersionKey(row, from: 2),
          skipReason: .init(rawValue: row.text(7)) ?? .ineligible))
    }
    return versions
  }

  /// Queues what is to be kept.
  static func keep(
    _ skipped: [(name: OrderName, version: OrderVersion, reason: OrderVersion.SkipReason)],
    on connection: Connection
  ) throws(PostgresError) {
    guard !skipped.isEmpty else { return }
    _ = try connection.send(
      """
      INSERT INTO skipped_orders
        (connection_id, external_id, source_updated_at, closed, observed_at, digest, reason, event)
      SELECT n.connection_id, n.external_id, n.updated_at, n.closed, n.observed_at, n.digest, n.reason, n.event::json
        FROM unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bool[], $5::timestamptz[], $6::bigint[],
                    $7::text[], $8::text[])
               AS n(connection_id, external_id, updated_at, closed, observed_at, digest, reason, event)
      ON CONFLICT DO NOTHING
      """,
      [
        skipped.map(\.name.connection), skipped.map(\.name.external), skipped.map(\.version.key.updatedAt),
        skipped.map(\.version.key.isCancelled), skipped.map(\.version.key.observedAt),
        skipped.map(\.version.key.digest), skipped.map(\.reason.rawValue),
        skipped.map { String(decoding: $0.version.event.encode(), as: UTF8.self) },
      ])
  }

  /// Queues the removal of what orders hold that exist now.
  static func forget(_ names: [OrderName], on connection: Connection) throws(PostgresError) {
    guard !names.isEmpty else { return }
    _ = try connection.send(
      """
      DELETE FROM skipped_orders s USING unnest($1::uuid[], $2::text[]) AS n(connection_id, external_id)
       WHERE s.connection_id = n.connection_id AND s.external_id = n.external_id
      """, [names.map(\.connection), names.map(\.external)])
  }
}
