import Foundation
import JSON
package import Postgres

/// A conversation's row, locked until the transaction ends.
package struct ConversationRow: Sendable {
  package let id: Int
  package let name: ConversationName
  /// That of the order's greatest version ever seen; nil before the order was.
  package let version: String?
  package let number: String?
}

/// Rows of `order_conversations`, one per order.
package enum ConversationRows {
  /// Queues the folding of what a batch brought into what was known, which locks the rows in the order of their
  /// names. A row keeps the greatest version of its order, and once opened or a dispute it stays so.
  package static func fold(_ book: ConversationBook, on connection: Connection) throws(PostgresError) -> Reply
  {
    let entries = book.sorted
    return try connection.send(
      """
      INSERT INTO order_conversations AS c (connection_id, external_order_id, type, is_opened, version, number,
        is_cancelled, payment, tracking)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bool[], $5::text[], $6::text[], $7::bool[],
                           $8::jsonb[], $9::jsonb[])
      ON CONFLICT (connection_id, external_order_id) DO UPDATE SET
        type = CASE excluded.type WHEN 'dispute' THEN excluded.type ELSE c.type END,
        is_opened = c.is_opened OR excluded.is_opened,
        updated_at = now(),
        (version, number, is_cancelled, payment, tracking) =
          (SELECT v.version, v.number, v.is_cancelled, v.payment, v.tracking
             FROM (VALUES (c.version, c.number, c.is_cancelled, c.payment, c.tracking),
                          (excluded.version, excluded.number, excluded.is_cancelled, excluded.payment,
                           excluded.tracking)) AS v(version, number, is_cancelled, payment, tracking)
            ORDER BY v.version COLLATE "C" DESC NULLS LAST LIMIT 1)
      RETURNING c.id, c.connection_id, c.external_order_id, c.version, c.number
      """,
      [
        entries.map(\.name.connection), entries.map(\.name.order),
        entries.map { $0.isDispute ? "dispute" : "order" }, entries.map(\.isOpened),
        entries.map(\.standing?.version), entries.map(\.standing?.number),
        entries.map { $0.standing?.isCancelled ?? false },
        entries.map { $0.standing.flatMap { $0.payment.isNull ? nil : JSONText($0.payment.bytes) } },
        entries.map { $0.standing.map { JSONText($0.tracking.bytes) } },
      ])
  }

  /// The rows that `fold` answered, by name.
  package static func rows(_ rows: Rows) -> [ConversationName: ConversationRow] {
    var found: [ConversationName: ConversationRow] = [:]
    for row in rows {
      let name = ConversationName(connection: row.uuid(1), order: row.text(2))
      found[name] = ConversationRow(
        id: row.int(0), name: name, version: row.optionalText(3), number: row.optionalText(4))
    }
    return found
  }
}
