import Events
import Foundation
import Postgres

/// The append-only record of every change, which is also the ledger's record of the steps.
enum StockHistory {
  /// Queues the rows; a change that is neither a booking nor a step is no row.
  static func append(_ changes: [StockChange], on connection: Connection) throws(PostgresError) {
    let rows = changes.filter { $0.booked != 0 || $0.step != 0 }
    guard !rows.isEmpty else { return }
    _ = try connection.send(
      """
      INSERT INTO stock_history (marketplace_stock_id, variation_id, marketplace_id, quantity_before,
        quantity_after, quantity_change, step, change_type, connection_id, listing_ref, external_order_id,
        line_id, reference_id, admin_id, notes, occurred_at)
      SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
        $7::bigint[], $8::text[], $9::uuid[], $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[],
        $15::text[], $16::timestamptz[])
      """,
      [
        rows.map(\.place.stock), rows.map(\.place.variation), rows.map(\.place.marketplace),
        rows.map(\.before), rows.map(\.after), rows.map(\.booked), rows.map(\.step),
        rows.map(\.cause.rawValue),
        rows.map { UUID(text: $0.connection) }, rows.map(\.place.listing), rows.map(\.order),
        rows.map(\.line), rows.map(\.number), rows.map(\.admin), rows.map(\.notes), rows.map(\.at),
      ])
  }
}
