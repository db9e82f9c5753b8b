import Foundation
import Postgres

extension SyncSession {
  /// An order with its entries, as texts that can be compared.
  struct Stored: Equatable, CustomStringConvertible {
    var header: String
    var entries: [String]

    var description: String { ([header] + entries).joined(separator: "\n  ") }
  }

  /// A connection's orders whose external ids begin so, by these ids.
  func stored(
    startingWith prefix: String = "", of owner: String = SyncSession.connectionId
  ) throws -> [String: Stored] {
    var orders: [String: Stored] = [:]
    for row in try connection.query(
      """
      SELECT external_id, concat_ws(' ', status, closed, coalesce(financial_status, '-'), coalesce(number, '-'),
               coalesce(shipping::text, '-'), coalesce(buyer->>'name', '-'),
               (extract(epoch FROM source_updated_at))::bigint, marketplace_id)
        FROM orders WHERE connection_id = $2 AND external_id >= $1 AND external_id < $1 || '~'
      """, [prefix, UUID(uuidString: owner)])
    {
      orders[row.text(0)] = Stored(header: row.text(1), entries: [])
    }
    for row in try connection.query(
      """
      SELECT o.external_id, concat_ws(' ', e.external_id, e.kind, coalesce(e.sku, '-'), e.quantity,
               coalesce(e.unit_price::text, '-'), coalesce(e.full_price::text, '-'))
        FROM orders o JOIN order_entries e ON e.order_id = o.id 
       WHERE o.connection_id = $2 AND o.external_id >= $1 AND o.external_id < $1 || '~'
       ORDER BY o.external_id, e.external_id
      """, [prefix, UUID(uuidString: owner)])
    {
      orders[row.text(0)]?.entries.append(row.text(1))
    }
    return orders
  }

  func entries(of order: String) throws -> [String] { try stored()[order]?.entries ?? [] }

  /// created, updated, cancelled, skipped, unchanged, errors.
  func statistics() throws -> [Int] {
    let row = try connection.query(
      """
      SELECT sum(created)::bigint, sum(updated)::bigint, sum(cancelled)::bigint, sum(skipped)::bigint,
             sum(unchanged)::bigint, sum(errors)::bigint FROM order_statistics
      """
    ).first
    return (0..<6).map { row?.int($0) ?? 0 }
  }

  func count(of table: String) throws -> Int {
    try connection.query("SELECT count(*) FROM \(table)").first?.int(0) ?? 0
  }
}
