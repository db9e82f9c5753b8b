import Events
import Foundation
import Postgres

/// The rows of `orders`: made, locked and read before anything is decided, written afterwards (Rule 12).
enum OrderRows {
  /// The locked row of an order.
  struct Locked {
    var id: Int
    /// Made by this batch, with what the batch brought.
    var isNew: Bool
    /// What was known of the order before the batch.
    var state: OrderState
  }

  /// Queues the insert of the orders as if all of them were new; its rows are `id, connection_id, external_id` of
  /// those that were. Until the commit nobody else can make an order of that name, so it is also the lock of an
  /// order that turns out not to exist: that one is deleted again.
  static func insert(
    _ arrivals: [Arrivals.Arrival], of accounts: Accounts, on connection: Connection
  ) throws(PostgresError) -> Reply {
    let records = arrivals.compactMap { OrderRecord(name: $0.name, state: $0.state, accounts: accounts) }
    return try connection.send(
      """
      INSERT INTO orders (connection_id, external_id, marketplace_id, number, status, financial_status,
        fulfillment_status, closed, currency, total, tax, shipping, buyer, shipping_address, tracking, placed_at,
        source_updated_at, cancelled_at, observed_at, digest, lines_updated_at, lines_closed, lines_observed_at,
        lines_digest)
      SELECT n.connection_id, n.external_id, n.marketplace_id, n.number, n.status, n.financial_status,
        n.fulfillment_status, n.closed, n.currency, n.total::numeric, n.tax::numeric, n.shipping::numeric, n.buyer,
        n.shipping_address, n.tracking, n.placed_at, n.source_updated_at, n.cancelled_at, n.observed_at, n.digest,
        n.lines_updated_at, n.lines_closed, n.lines_observed_at, n.lines_digest
        FROM \(OrderRecord.unnest) AS n(\(OrderRecord.columns))
      ON CONFLICT DO NOTHING RETURNING id, connection_id, external_id
      """, OrderRecord.columns(of: records))
  }

  /// The rows of all orders by name: those that the insert has made, and those that were there, which are locked and
  /// read now.
  ///
  /// - Throws: a retriable error when an order has vanished since its insert found it.
  static func lock(
    _ names: [OrderName], besides inserted: Rows, on connection: Connection
  ) throws(PostgresError) -> [OrderName: Locked] {
    var locked: [OrderName: Locked] = [:]
    locked.reserveCapacity(names.count)
    for row in inserted {
      locked[OrderName(connection: row.uuid(1), external: row.text(2))] = Locked(
        id: row.int(0), isNew: true, state: OrderState())
    }
    if locked.count < names.count {
      try lock(names.filter { locked[$0] == nil }, into: &locked, on: connection)
    }
    guard locked.count == names.count else {
      throw PostgresError(kind: .aborted, message: "an order was removed while it was about to be written")
    }
    return locked
  }

  private static func lock(
    _ names: [OrderName], into locked: inout [OrderName: Locked], on connection: Connection
  ) throws(PostgresError) {
    let rows = try connection.query(
      """
      SELECT o.id, o.connection_id, o.external_id, o.source_updated_at,
             o.closed AND o.merged_into IS NULL, o.observed_at, o.digest,
             o.lines_updated_at, o.lines_closed, o.lines_observed_at, o.lines_digest
        FROM unnest($1::uuid[], $2::text[]) AS n(connection_id, external_id)
        JOIN orders o ON o.connection_id = n.connection_id AND o.external_id = n.external_id
         FOR UPDATE OF o
      """, [names.map(\.connection), names.map(\.external)])
    for row in rows {
      locked[OrderName(connection: row.uuid(1), external: row.text(2))] = Locked(
        id: row.int(0), isNew: false,
        state: OrderState(
          header: VersionKey(row, from: 3), lines: row.isNull(7) ? nil : VersionKey(row, from: 7)))
    }
  }

  /// Queues the headers, and what version the entries are; a merged order stays closed.
  static func update(_ records: [OrderRecord], on connection: Connection) throws(PostgresError) {
    guard !records.isEmpty else { return }
    _ = try connection.send(
      """
      UPDATE orders o SET
        marketplace_id = n.marketplace_id, number = n.number,
        status = CASE WHEN o.merged_into IS NULL THEN n.status ELSE 'cancelled' END,
        financial_status = n.financial_status, fulfillment_status = n.fulfillment_status,
        closed = n.closed OR o.merged_into IS NOT NULL,
        currency = n.currency, total = n.total::numeric, tax = n.tax::numeric, shipping = n.shipping::numeric,
        buyer = n.buyer, shipping_address = n.shipping_address, tracking = n.tracking, placed_at = n.placed_at,
        source_updated_at = n.source_updated_at, cancelled_at = n.cancelled_at, observed_at = n.observed_at,
        digest = n.digest, lines_updated_at = n.lines_updated_at, lines_closed = n.lines_closed,
        lines_observed_at = n.lines_observed_at, lines_digest = n.lines_digest, updated_at = now()
        FROM \(OrderRecord.unnest) AS n(\(OrderRecord.columns))
       WHERE o.connection_id = n.connection_id AND o.external_id = n.external_id
      """, OrderRecord.columns(of: records))
  }

  /// Queues what version the entries are, for orders whose header stays.
  static func update(
    lines: [(id: Int, key: VersionKey)], on connection: Connection
  ) throws(PostgresError) {
    guard !lines.isEmpty else { return }
    _ = try connection.send(
      """
      UPDATE orders o SET
        lines_updated_at = n.updated_at, lines_closed = n.closed, lines_observed_at = n.observed_at,
        lines_digest = n.digest, updated_at = now()
        FROM unnest($1::bigint[], $2::timestamptz[], $3::bool[], $4::timestamptz[], $5::bigint[])
               AS n(id, updated_at, closed, observed_at, digest)
       WHERE o.id = n.id
      """,
      [
        lines.map(\.id), lines.map(\.key.updatedAt), lines.map(\.key.isCancelled),
        lines.map(\.key.observedAt),
        lines.map(\.key.digest),
      ])
  }

  /// Queues the removal of rows that were only a lock.
  static func delete(_ ids: [Int], on connection: Connection) throws(PostgresError) {
    guard !ids.isEmpty else { return }
    _ = try connection.send("DELETE FROM orders WHERE id = ANY($1::bigint[])", [ids])
  }
}

extension VersionKey {
  /// From four columns of a row: updated at, cancelled, observed at, digest.
  init(_ row: Row, from column: Int) {
    self.init(
      updatedAt: row.timestamp(column), isCancelled: row.bool(column + 1),
      observedAt: row.timestamp(column + 2),
      digest: row.int(column + 3))
  }
}
