import Events
import Outbox
package import Postgres
import Time

package import struct Foundation.UUID

/// Brings stock rows into the pool of their variation, and out of it, as the rules of their connections say
/// (`propagateInventory`).
package enum Pools {
  /// Settles every row of a connection, after its rules have changed, and those that may share their stock with it.
  package static func settle(connectionId: UUID, on connection: Connection) throws {
    let rows = try connection.query(
      """
      SELECT o.id FROM platform_connections c
        JOIN marketplace_stock s ON s.marketplace_id = c.marketplace_id
        JOIN marketplace_stock o ON o.variation_id = s.variation_id
       WHERE c.id = $1
      """, [connectionId])
    try settle(rows.map { $0.int(0) }, on: connection)
  }

  /// Settles rows. A row with a past takes it no further: its listings count from now on. A pool that begins with
  /// such rows begins with the least of what they have, so that nothing is sold that isn't there.
  static func settle(_ stocks: [Int], on connection: Connection) throws {
    guard !stocks.isEmpty else { return }
    try connection.transaction { connection in
      try Catalogue.lock(on: connection)
      try settleLocked(stocks, on: connection)
    }
  }

  /// The same in the transaction of somebody who has locked the catalogue.
  static func settleLocked(_ stocks: [Int], on connection: Connection) throws {
    try join(stocks, on: connection)
    try leave(stocks, on: connection)
  }

  private static func join(_ stocks: [Int], on connection: Connection) throws {
    let joiners = """
      (SELECT s.id, s.variation_id, s.on_hand, s.version = 0 AS is_fresh
         FROM marketplace_stock s
         JOIN platform_connections c ON c.marketplace_id = s.marketplace_id
          AND (c.sync_rules->>'propagateInventory')::bool
         LEFT JOIN stock_pools o ON o.id = s.pool_id
        WHERE s.id = ANY($1) AND NOT coalesce(o.is_shared, false))
      """
    try connection.query(
      """
      INSERT INTO stock_pools (variation_id) SELECT DISTINCT variation_id FROM \(joiners) AS j ORDER BY 1
      ON CONFLICT DO NOTHING
      """, [stocks])
    try connection.query(
      """
      UPDATE stock_pools p
         SET on_hand = j.least, opened_at = clock_timestamp(), anchor_listing = NULL, anchor_at = NULL
        FROM (SELECT variation_id, min(on_hand) AS least FROM \(joiners) AS j
               WHERE NOT is_fresh GROUP BY variation_id) AS j
       WHERE p.variation_id = j.variation_id AND p.is_shared
         AND NOT EXISTS (SELECT FROM marketplace_stock m WHERE m.pool_id = p.id)
      """, [stocks])
    try connection.query(
      """
      INSERT INTO stock_history (marketplace_stock_id, variation_id, marketplace_id, quantity_before,
        quantity_after, quantity_change, change_type, notes, occurred_at)
      SELECT s.id, s.variation_id, s.marketplace_id, s.on_hand, p.on_hand, p.on_hand - s.on_hand, 'manual',
             'shares its stock with other marketplaces from now on', clock_timestamp()
        FROM \(joiners) AS j JOIN marketplace_stock s ON s.id = j.id
        JOIN stock_pools p ON p.variation_id = j.variation_id AND p.is_shared
       WHERE p.on_hand <> s.on_hand
      """, [stocks])
    let joined = try connection.query(
      """
      UPDATE marketplace_stock s
         SET pool_id = p.id, on_hand = p.on_hand, listed_stock = greatest(0, p.on_hand),
             joined_at = CASE WHEN j.is_fresh THEN '-infinity'::timestamptz ELSE clock_timestamp() END,
             version = s.version + 1, updated_at = now()
        FROM \(joiners) AS j JOIN stock_pools p ON p.variation_id = j.variation_id AND p.is_shared
       WHERE s.id = j.id
      RETURNING s.id, NOT j.is_fresh
      """, [stocks])
    let late = joined.filter { $0.bool(1) }.map { $0.int(0) }
    if !late.isEmpty { try announce(late, on: connection) }
  }

  /// Rows with a past may show something else than their new pool: whoever pushes must hear of it.
  private static func announce(_ stocks: [Int], on connection: Connection) throws {
    let rows = try connection.query(
      """
      SELECT s.id, s.version, s.variation_id, v.sku, s.marketplace_id, s.on_hand, c.id, c.platform, now()
        FROM marketplace_stock s JOIN variations v ON v.id = s.variation_id
        JOIN platform_connections c ON c.marketplace_id = s.marketplace_id
       WHERE s.id = ANY($1)
      """, [stocks])
    let events = rows.map { row in
      let (connectionId, platform) = (row.uuid(6).uuidString.lowercased(), row.text(7))
      return Event(
        id: "\(platform):\(connectionId):stock.changed/\(row.int(0))@\(row.int(1))", type: .stockChanged,
        time: row.timestamp(8), connectionId: connectionId, platform: platform, marketplaceId: row.int(4),
        subjectData: .stock(
          Stock(
            variationId: Int64(row.int(2)), sku: row.text(3), marketplaceId: row.int(4), onHand: row.int(5),
            listedStock: max(0, row.int(5)), cause: StockChange.Cause.manual.rawValue)))
    }
    try Outbox.append(events, on: connection)
  }

  private static func leave(_ stocks: [Int], on connection: Connection) throws {
    let leavers = try connection.query(
      """
      SELECT s.id, s.variation_id, s.on_hand
        FROM marketplace_stock s JOIN stock_pools p ON p.id = s.pool_id AND p.is_shared
       WHERE s.id = ANY($1)
         AND NOT EXISTS (SELECT FROM platform_connections c
                          WHERE c.marketplace_id = s.marketplace_id
                            AND (c.sync_rules->>'propagateInventory')::bool)
       ORDER BY s.id
      """, [stocks])
    for row in leavers {
      try connection.query(
        """
        WITH own AS (INSERT INTO stock_pools (variation_id, is_shared, on_hand, opened_at)
                     VALUES ($2, false, $3, clock_timestamp()) RETURNING id)
        UPDATE marketplace_stock s SET pool_id = own.id, joined_at = clock_timestamp() FROM own WHERE s.id = $1
        """, [row.int(0), row.int(1), row.int(2)])
    }
    try connection.query(
      """
      DELETE FROM stock_pools p USING (SELECT unnest($1::bigint[]) AS variation_id) AS l
       WHERE p.variation_id = l.variation_id
         AND NOT EXISTS (SELECT FROM marketplace_stock m WHERE m.pool_id = p.id)
      """, [leavers.map { $0.int(1) }])
  }
}
