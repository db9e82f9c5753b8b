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
        Column(rows) { $0.place.stock }, Column(rows) { $0.place.variation },
        Column(rows) { $0.place.marketplace }, Column(rows) { $0.before }, Column(rows) { $0.after },
        Column(rows) { $0.booked }, Column(rows) { $0.step }, Column(rows) { $0.cause.rawValue },
        Column(rows) { $0.origin.connection }, Column(rows) { $0.place.listing },
        Column(rows) { $0.origin.order }, Column(rows) { $0.line }, Column(rows) { $0.origin.number },
        Column(rows) { $0.origin.admin }, Column(rows) { $0.origin.notes }, Column(rows) { $0.at },
      ])
  }
}
