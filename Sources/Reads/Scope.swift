package import Postgres

package import struct Foundation.UUID

/// Whose rows a caller sees, and of which connection he wants to see them.
package struct Scope: Sendable, Equatable {
  /// The `user_id` of the connections that are seen; nil sees those of all.
  package var owner: String?
  package var connection: UUID?

  package init(owner: String?, connection: UUID? = nil) {
    self.owner = owner
    self.connection = connection
  }

  /// The ids of the connections whose rows are seen; nil when it is all rows, also those of connections that are gone.
  package func connections(on session: Connection) throws(PostgresError) -> [UUID]? {
    guard let owner else { return connection.map { [$0] } }
    let rows = try session.query(
      "SELECT id FROM platform_connections WHERE user_id = $1 AND ($2::uuid IS NULL OR id = $2) ORDER BY id",
      [owner, connection])
    return rows.map { $0.uuid(0) }
  }

  /// The same by marketplace id, which is how stock is kept.
  package func marketplaces(on session: Connection) throws(PostgresError) -> [Int]? {
    guard owner != nil || connection != nil else { return nil }
    let rows = try session.query(
      """
      SELECT marketplace_id FROM platform_connections
       WHERE ($1::text IS NULL OR user_id = $1) AND ($2::uuid IS NULL OR id = $2) ORDER BY 1
      """, [owner, connection])
    return rows.map { $0.int(0) }
  }
}
