import Events
import Foundation
import JSON
package import Postgres

/// The rows of `imports` and `raw_import_items`.
package enum Imports {
  /// How a row of an import can stand.
  package enum Status: String, Sendable, CaseIterable {
    case new, failed, candidates, unmatched, confirmed, rejected
  }

  /// A file that is being read, or was.
  package struct Standing: Sendable, Equatable {
    package var id: Int
    /// The line up to which it is stored.
    package var readTo: Int
    package var isRead: Bool
  }

  /// What tells one reading of a file from another.
  package struct Subject: Sendable {
    package var user: String
    package var marketplace: Int?
    package var fileName: String
    package var digest: String
    package var header: [String]
    package var mapping: ColumnMapping
  }

  /// Makes the row of a reading, or answers how far an earlier one came.
  static func open(_ subject: Subject, on connection: Connection) throws -> Standing {
    let columns = JSON.object(
      Dictionary(
        subject.mapping.columns.map { ($0.key.rawValue, JSON.integer($0.value)) }, uniquingKeysWith: { $1 }))
    let rows = try connection.query(
      """
      INSERT INTO imports AS i (user_id, marketplace_id, file_name, digest, header, columns)
      VALUES ($1, $2, $3, $4, $5, $6)
      ON CONFLICT (user_id, marketplace_id, digest, columns) DO UPDATE SET updated_at = now()
      RETURNING id, read_to, is_read
      """,
      [
        subject.user, subject.marketplace, subject.fileName, subject.digest,
        JSONText(JSON.array(subject.header.map { .string($0) }).bytes), JSONText(columns.bytes),
      ])
    guard let row = rows.first else { return Standing(id: 0, readTo: 0, isRead: false) }
    return Standing(id: row.int(0), readTo: row.int(1), isRead: row.bool(2))
  }

  /// Stores rows and how far the file is read, at once: what is stored already stays as it is.
  static func store(_ items: [ImportItem], of id: Int, readTo line: Int, on connection: Connection) throws {
    try connection.transaction { connection in
      try connection.query(
        """
        INSERT INTO raw_import_items
          (import_id, line, cells, sku, ean, title, quantity, price, currency, dated_at, status, error)
        SELECT $1, n.line, n.cells, n.sku, n.ean, n.title, n.quantity::int, n.price::numeric, n.currency, n.dated_at,
               CASE WHEN n.error IS NULL THEN 'new' ELSE 'failed' END, n.error
          FROM unnest($2::bigint[], $3::jsonb[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[],
                      $9::text[], $10::timestamptz[], $11::text[])
                 AS n(line, cells, sku, ean, title, quantity, price, currency, dated_at, error)
        ON CONFLICT (import_id, line) DO NOTHING
        """,
        [
          id, items.map(\.line), items.map { JSONText($0.cellsJSON.bytes) }, items.map(\.sku),
          items.map(\.ean),
          items.map(\.title), items.map(\.quantity), items.map { $0.price?.text }, items.map(\.currency),
          items.map(\.date), items.map { $0.error?.description },
        ])
      try connection.query(
        "UPDATE imports SET read_to = greatest(read_to, $2), updated_at = now() WHERE id = $1", [id, line])
    }
  }

  static func finish(_ id: Int, on connection: Connection) throws {
    try connection.query("UPDATE imports SET is_read = true, updated_at = now() WHERE id = $1", [id])
  }

  package static func exists(_ id: Int, on connection: Connection) throws -> Bool {
    try connection.query("SELECT FROM imports WHERE id = $1", [id]).count > 0
  }

  /// How many rows of an import stand how.
  package static func counts(of id: Int, on connection: Connection) throws -> [String: Int] {
    try connection.query(
      "SELECT status, count(*) FROM raw_import_items WHERE import_id = $1 GROUP BY status", [id]
    ).reduce(into: [:]) { $0[$1.text(0)] = $1.int(1) }
  }
}
