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

  /// The stock row that a top-up is for, made on first sight: an unknown SKU makes its variation (CONTRACT
  /// section 1).
  ///
  /// - Throws: `Failure` when it names a variation that there is not.
  static func place(
    of topup: Topup, for account: Account, platform: String, on connection: Connection
  ) throws -> Place? {
    if topup.variationId == nil, let sku = topup.sku {
      try connection.query(
        "INSERT INTO variations (user_id, sku) VALUES ($1, $2) ON CONFLICT DO NOTHING", [account.user, sku])
    }
    let variation = try connection.query(
      "SELECT id, sku FROM variations WHERE user_id = $1 AND (id = $2 OR ($2 IS NULL AND sku = $3))",
      [account.user, topup.variationId, topup.sku]
    ).first
    guard let variation else {
      throw Failure(
        .badData, place: "topup",
        "there is no variation \(topup.variationId.map { "\($0)" } ?? "of that SKU")")
    }
    try connection.query(
      "INSERT INTO marketplace_stock (variation_id, marketplace_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
      [variation.int(0), account.marketplace])
    let row = try connection.query(
      """
      SELECT s.id, (SELECT min(l.id) FROM listings l WHERE l.variation_id = $1 AND l.connection_id = $3)
        FROM marketplace_stock s WHERE s.variation_id = $1 AND s.marketplace_id = $2
      """, [variation.int(0), account.marketplace, account.id]
    ).first
    return row.map {
      Place(
        listing: $0.int(1), stock: $0.int(0), variation: variation.int(0), marketplace: account.marketplace,
        sku: variation.text(1), platform: platform)
    }
  }
}
