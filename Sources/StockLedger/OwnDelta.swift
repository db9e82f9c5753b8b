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
      SELECT s.id, v.id, v.sku, s.pool_id, \(firstListing)
        FROM (\(variation)) AS v JOIN marketplace_stock s ON s.variation_id = v.id AND s.marketplace_id = $4
       CROSS JOIN (SELECT $5::uuid AS connection_id) AS a
      """, [account.user, topup.variationId, topup.sku, account.marketplace, account.id]
    ).first
    guard let row else {
      throw Failure(
        .badData, place: "topup",
        "there is no variation \(topup.variationId.map { "\($0)" } ?? "of that SKU")")
    }
    return Place(
      listing: row.optionalInt(4) ?? Place.noListing, stock: row.int(0), variation: row.int(1),
      marketplace: account.marketplace, sku: row.text(2), platform: platform, pool: row.optionalInt(3))
  }

  /// Finds the listings of deltas whose stock had none when they were read. The stock rows are locked by now: a base
  /// that another lane has booked meanwhile shows, and one that comes later finds the delta in the history.
  static func locate(_ changes: inout [StockChange], on connection: Connection) throws {
    let unlisted = changes.indices.filter {
      changes[$0].place.listing == Place.noListing && changes[$0].step != 0
    }
    guard !unlisted.isEmpty else { return }
    let rows = try connection.query(
      """
      SELECT v.index, \(firstListing)
        FROM unnest($1::bigint[], $2::bigint[], $3::uuid[]) AS v(index, id, connection_id)
       CROSS JOIN LATERAL (SELECT v.connection_id) AS a
      """,
      [
        unlisted, unlisted.map { changes[$0].place.variation },
        unlisted.map { changes[$0].origin.connection },
      ])
    for row in rows {
      guard let listing = row.optionalInt(1) else { continue }
      changes[row.int(0)].place = changes[row.int(0)].place.at(listing: listing)
    }
  }

  /// Of the variation `v` at the connection that `a` names.
  private static let firstListing = """
    (SELECT min(l.id) FROM listings l WHERE l.variation_id = v.id AND l.connection_id = a.connection_id)
    """

  private static let variation =
    "SELECT id, sku FROM variations WHERE user_id = $1 AND (id = $2 OR ($2 IS NULL AND sku = $3))"
}

extension Place {
  /// The same stock, of another listing.
  fileprivate func at(listing: Int) -> Place {
    Place(
      listing: listing, stock: stock, variation: variation, marketplace: marketplace, sku: sku,
      platform: platform, pool: pool)
  }
}
