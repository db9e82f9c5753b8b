package import Postgres
import StockLedger

import struct Foundation.UUID

/// What a person says of the rows of an import.
package struct Decisions: Sendable {
  let importId: Int
  let admin: String
  let lowThreshold: Int

  package init(importId: Int, admin: String, lowThreshold: Int) {
    self.importId = importId
    self.admin = admin
    self.lowThreshold = lowThreshold
  }

  /// Why a row can't be decided, in one sentence.
  package struct Refusal: Error, Sendable, CustomStringConvertible {
    package let description: String
  }

  /// The lines whose best candidate is at least that good and the only one so good; with `creates` also those that
  /// nothing here is like and that have a SKU of their own.
  package func sure(atLeast score: Double, creates: Bool, on connection: Connection) throws -> [(
    line: Int, sku: String
  )] {
    try connection.query(
      """
      SELECT r.line, CASE WHEN r.status = 'unmatched' THEN r.sku ELSE v.sku END
        FROM raw_import_items r
        LEFT JOIN LATERAL (SELECT max(m.score) AS best FROM match_candidates m WHERE m.item_id = r.id) AS b ON true
        LEFT JOIN match_candidates m ON m.item_id = r.id AND m.score = b.best
        LEFT JOIN variations v ON v.id = m.variation_id
       WHERE r.import_id = $1
         AND ((r.status = 'candidates' AND b.best >= $2::float8::real - 0.0001 AND NOT EXISTS (
                 SELECT FROM match_candidates o
                  WHERE o.item_id = r.id AND o.score = b.best AND o.variation_id <> m.variation_id))
           OR (r.status = 'unmatched' AND $3 AND r.sku IS NOT NULL))
       ORDER BY r.line
      """, [importId, score, creates]
    ).map { (line: $0.int(0), sku: $0.text(1)) }
  }

  /// Says that a row is that SKU; an unknown one is created. Its title and EAN are kept where none were known, and its
  /// quantity is what the import's marketplace has on hand from now on. Done once: false when it was decided before.
  package func confirm(line: Int, as sku: String, on connection: Connection) throws -> Bool {
    let row = try connection.query(
      """
      SELECT r.id, r.status, r.quantity, i.user_id, i.file_name, c.id
        FROM raw_import_items r JOIN imports i ON i.id = r.import_id
        LEFT JOIN platform_connections c ON c.marketplace_id = i.marketplace_id
       WHERE r.import_id = $1 AND r.line = $2
      """, [importId, line]
    ).first
    guard let row else { throw Refusal(description: "import \(importId) has no row on line \(line)") }
    guard row.text(1) != "failed" else {
      throw Refusal(description: "line \(line) could not be read: mend the file and import it again")
    }
    guard row.text(1) != "confirmed" else { return false }
    let (item, user, note) = (row.int(0), row.text(3), "import \(importId), \(row.text(4)) line \(line)")
    guard let quantity = row.optionalInt(2), let connectionId = row.optionalUUID(5) else {
      return try connection.transaction { try settle(item, user, sku, on: $0) }
    }
    do {
      _ = try ManualStock.set(
        sku: sku, to: quantity, at: connectionId, admin: admin, note: note, lowThreshold: lowThreshold,
        on: connection
      ) { connection in
        guard try settle(item, user, sku, on: connection) else { throw Decided() }
      }
      return true
    } catch is Decided {
      return false
    }
  }

  /// Somebody else was quicker; what was booked is taken back.
  private struct Decided: Error {}

  private func settle(_ item: Int, _ user: String, _ sku: String, on connection: Connection) throws -> Bool {
    try connection.query(
      """
      INSERT INTO variations AS v (user_id, sku, title, ean)
      SELECT $2, $3, r.title, r.ean FROM raw_import_items r WHERE r.id = $1
      ON CONFLICT (user_id, sku) DO UPDATE
         SET title = coalesce(v.title, excluded.title), ean = coalesce(v.ean, excluded.ean), updated_at = now()
      """, [item, user, sku])
    return try connection.query(
      """
      UPDATE raw_import_items r
         SET status = 'confirmed', decided_by = $4, decided_at = now(),
             variation_id = (SELECT id FROM variations WHERE user_id = $2 AND sku = $3)
       WHERE r.id = $1 AND r.status <> 'confirmed'
      """, [item, user, sku, admin]
    ).affected == 1
  }

  /// Says that a row is nothing of ours; false when it was decided before.
  package func reject(line: Int, on connection: Connection) throws -> Bool {
    try connection.query(
      """
      UPDATE raw_import_items SET status = 'rejected', decided_by = $3, decided_at = now()
       WHERE import_id = $1 AND line = $2 AND status IN ('new', 'candidates', 'unmatched')
      """, [importId, line, admin]
    ).affected == 1
  }
}
