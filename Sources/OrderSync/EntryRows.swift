import Events
import Foundation
import Postgres

/// What is to be written to `order_entries`, for orders whose rows are locked.
struct EntryRows {
  private struct Row {
    var order: Int
    var connection: UUID
    var user: String?
    var entry: OrderEntry
  }

  private var rows: [Row] = []
  /// What `rows` replaces: all entries of a kind, of an order that may have others.
  private var replaced: [(order: Int, kind: OrderEntry.Kind)] = []

  /// The entries of one kind. `replacing`: the order may have others of that kind, which are orphans then.
  mutating func add(
    _ entries: [OrderEntry], _ kind: OrderEntry.Kind, of order: Int, named name: OrderName, user: String?,
    replacing: Bool
  ) {
    for entry in entries {
      rows.append(Row(order: order, connection: name.connection, user: user, entry: entry))
    }
    if replacing { replaced.append((order, kind)) }
  }

  /// Queues the removal of the orphans and the writing of the rest.
  func send(on connection: Connection) throws(PostgresError) {
    try deleteOrphans(on: connection)
    try write(on: connection)
  }

  private func deleteOrphans(on connection: Connection) throws(PostgresError) {
    guard !replaced.isEmpty else { return }
    _ = try connection.send(
      """
      DELETE FROM order_entries e
       USING unnest($1::bigint[], $2::text[]) AS r(order_id, kind)
       WHERE e.order_id = r.order_id AND e.kind = r.kind
         AND (e.order_id, e.external_id) NOT IN (SELECT order_id, external_id
               FROM unnest($3::bigint[], $4::text[]) AS n(order_id, external_id))
      """,
      [
        replaced.map(\.order), replaced.map(\.kind.rawValue), rows.map(\.order), rows.map(\.entry.externalId),
      ])
  }

  /// An entry that stays as it was is not written again: most updates of an order don't touch its lines.
  private func write(on connection: Connection) throws(PostgresError) {
    guard !rows.isEmpty else { return }
    _ = try connection.send(
      """
      INSERT INTO order_entries AS e
        (order_id, external_id, kind, listing_id, sku, variation_id, title, quantity, unit_price, full_price)
      SELECT n.order_id, n.external_id, n.kind, n.listing_id, n.sku,
             coalesce((SELECT l.variation_id FROM listings l
                        WHERE l.connection_id = n.connection_id AND l.external_id = n.listing_id),
                      (SELECT v.id FROM variations v WHERE v.user_id = n.user_id AND v.sku = n.sku)),
             n.title, n.quantity, n.unit_price::numeric, n.full_price::numeric
        FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                    $8::text[], $9::bigint[], $10::text[], $11::text[])
               AS n(order_id, connection_id, user_id, external_id, kind, listing_id, sku, title, quantity,
                    unit_price, full_price)
      ON CONFLICT (order_id, external_id) DO UPDATE SET
        listing_id = excluded.listing_id, sku = excluded.sku, variation_id = excluded.variation_id,
        title = excluded.title, quantity = excluded.quantity, unit_price = excluded.unit_price,
        full_price = excluded.full_price
      WHERE (e.listing_id, e.sku, e.variation_id, e.title, e.quantity, e.unit_price::text)
            IS DISTINCT FROM (excluded.listing_id, excluded.sku, excluded.variation_id, excluded.title,
                              excluded.quantity, excluded.unit_price::text)
      """,
      [
        rows.map(\.order), rows.map(\.connection), rows.map(\.user), rows.map(\.entry.externalId),
        rows.map(\.entry.kind.rawValue), rows.map(\.entry.listingId), rows.map(\.entry.sku),
        rows.map(\.entry.title), rows.map(\.entry.quantity), rows.map(\.entry.unitPrice?.text),
        rows.map(\.entry.fullPrice?.text),
      ])
  }
}
