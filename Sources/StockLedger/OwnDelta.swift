import Events
import Lane
import Postgres

/// Changes that come from ourselves: goods that a person booked in (RULES, the stock model: the fact N).
enum OwnDelta {
  /// Whether the delta was never booked before; it is noted as booked within the caller's transaction. The inbox
  /// forgets after its retention, this does not.
  static func isNew(_ id: String, of account: Account, on connection: Connection) throws(PostgresError)
    -> Bool
  {
    try connection.query(
      "INSERT INTO stock_deltas (connection_id, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [account.id, id]
    ).affected == 1
  }

  /// Makes the stock row that a top-up is for, in its pool: an unknown SKU makes its variation (CONTRACT section 1).
  static func makeRow(for topup: Topup, of account: Account, on connection: Connection) throws {
    if topup.variationId == nil, let sku = topup.sku {
      try connection.query(
        "INSERT INTO variations (user_id, sku) VALUES ($1, $2) ON CONFLICT DO NOTHING", [account.user, sku])
    }
    try connection.query(
      """
      INSERT INTO marketplace_stock (variation_id, marketplace_id)
      SELECT v.id, $4 FROM (\(variation)) AS v ON CONFLICT DO NOTHING
      """, [account.user, topup.variationId, topup.sku, account.marketplace])
    let unsettled = try connection.query(
      """
      SELECT s.id FROM (\(variation)) AS v
        JOIN marketplace_stock s ON s.variation_id = v.id AND s.marketplace_id = $4
        LEFT JOIN stock_pools p ON p.id = s.pool_id
       WHERE coalesce(p.is_shared, false) <> $5
      """, [account.user, topup.variationId, topup.sku, account.marketplace, account.isPooled])
    try Pools.settle(unsettled.map { $0.int(0) }, on: connection)
  }

  /// The stock row that a top-up is for.
  ///
  /// - Throws: `Failure` when it names a variation that there is not.
  static func place(
    of topup: Topup, for account: Account, platform: String, on connection: Connection
  ) throws -> Place {
    let row = try connection.query(
      """
      SELECT s.id, (SELECT min(l.id) FROM listings l WHERE l.variation_id = v.id AND l.connection_id = $5),
             v.id, v.sku, s.pool_id
        FROM (\(variation)) AS v JOIN marketplace_stock s ON s.variation_id = v.id AND s.marketplace_id = $4
      """, [account.user, topup.variationId, topup.sku, account.marketplace, account.id]
    ).first
    guard let row else {
      throw Failure(
        .badData, place: "topup",
        "there is no variation \(topup.variationId.map { "\($0)" } ?? "of that SKU")")
    }
    return Place(
      listing: row.int(1), stock: row.int(0), variation: row.int(2), marketplace: account.marketplace,
      sku: row.text(3), platform: platform, pool: row.optionalInt(4))
  }

  private static let variation =
    "SELECT id, sku FROM variations WHERE user_id = $1 AND (id = $2 OR ($2 IS NULL AND sku = $3))"
}
