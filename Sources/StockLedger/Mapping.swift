import Events
import Lane
package import Postgres
import Time

package import struct Foundation.UUID

/// Maps a listing to another variation. What was booked for the listing meanwhile goes with it: the variation that it
/// leaves and the one it comes to are both put right (Rule 10).
package enum Mapping {
  /// Answers what the stock of the listing's new variation changed by.
  ///
  /// - Throws: `Failure` when there is no such listing.
  package static func map(
    listing externalId: String, of connectionId: UUID, to sku: String, admin: String?, lowThreshold: Int,
    on connection: Connection
  ) throws -> Int {
    try connection.transaction { connection in
      // From here on nobody books, and whoever remembers the old place looks again.
      try Catalogue.lock(on: connection)
      try connection.query("UPDATE catalogue_epoch SET epoch = epoch + 1")
      let new = try makeRow(sku: sku, for: connectionId, on: connection)
      guard let old = try place(of: externalId, connectionId, on: connection) else {
        throw Failure(.badData, place: "listings", "there is no listing \(externalId) of this connection")
      }
      guard old.stock != new.stock else { return 0 }
      let before = (try Holding(of: old, on: connection), try Holding(of: new, on: connection))
      try connection.query(
        """
        UPDATE listings SET variation_id = $2, former_stock = array_append(array_remove(former_stock, $4), $3),
               updated_at = now()
         WHERE id = $1
        """, [old.listing, new.variation, old.stock, new.stock])
      try connection.query("UPDATE variations SET is_mapped = true WHERE id = $1", [new.variation])
      let after = (try Holding(of: old, on: connection), try Holding(of: new, on: connection))
      var booking = Booking(lowThreshold: lowThreshold)
      let changes = [
        (old, after.0.share - before.0.share, "listing \(externalId) is now \(sku)"),
        (new, after.1.share - before.1.share, "listing \(externalId) is now this SKU"),
      ]
      // The listing shows what its marketplace had for it alone, so its new stock is told of in any case.
      booking.tell(of: new)
      for (place, booked, note) in changes where booked != 0 || place.unit == new.unit {
        booking.add(
          [
            StockChange(
              place: place, origin: .init(connection: connectionId, admin: admin, notes: note),
              cause: .manual,
              at: .now(), step: 0, booked: booked)
          ], settlesAtZero: false)
      }
      try booking.book(on: connection)
      try after.0.keepOpening(on: connection)
      try after.1.keepOpening(on: connection)
      return changes[1].1
    }
  }

  private static func place(
    of externalId: String, _ connectionId: UUID, on connection: Connection
  ) throws -> Place? {
    let rows = try connection.query(
      """
      SELECT l.id, s.id, s.variation_id, s.marketplace_id, v.sku, c.platform, s.pool_id
        FROM listings l JOIN platform_connections c ON c.id = l.connection_id
        JOIN marketplace_stock s ON s.variation_id = l.variation_id AND s.marketplace_id = c.marketplace_id
        JOIN variations v ON v.id = s.variation_id
       WHERE l.connection_id = $1 AND l.external_id = $2
      """, [connectionId, externalId])
    return rows.first.map(Place.init(row:))
  }

  /// The stock row of the SKU at the connection, made if there is none.
  private static func makeRow(
    sku: String, for connectionId: UUID, on connection: Connection
  ) throws -> Place {
    try connection.query(
      """
      INSERT INTO variations (user_id, sku) SELECT user_id, $2 FROM platform_connections WHERE id = $1
      ON CONFLICT DO NOTHING
      """, [connectionId, sku])
    try connection.query(
      """
      INSERT INTO marketplace_stock (variation_id, marketplace_id)
      SELECT v.id, c.marketplace_id
        FROM platform_connections c JOIN variations v ON v.user_id = c.user_id AND v.sku = $2 WHERE c.id = $1
      ON CONFLICT DO NOTHING
      """, [connectionId, sku])
    let select = """
      SELECT NULL::bigint, s.id, s.variation_id, s.marketplace_id, v.sku, c.platform, s.pool_id
        FROM platform_connections c JOIN variations v ON v.user_id = c.user_id AND v.sku = $2
        JOIN marketplace_stock s ON s.variation_id = v.id AND s.marketplace_id = c.marketplace_id
       WHERE c.id = $1
      """
    if let row = try connection.query(select, [connectionId, sku]).first {
      try Pools.settleLocked([row.int(1)], on: connection)
    }
    guard let row = try connection.query(select, [connectionId, sku]).first else {
      throw Failure(.unknownConnection, place: "listings", "there is no connection \(connectionId)")
    }
    return Place(row: row)
  }
}

/// What the listings of one stock add to it, by all that is known of them.
private struct Holding {
  private let pool: Int?
  private let opening: PoolOpening
  let share: Int

  init(of place: Place, on connection: Connection) throws {
    pool = place.pool
    let rows = try connection.query(
      """
      SELECT l.id, s.id, nullif(s.joined_at, '-infinity'), p.opened_at
        FROM marketplace_stock s
        JOIN platform_connections c ON c.marketplace_id = s.marketplace_id
        JOIN listings l ON l.variation_id = s.variation_id AND l.connection_id = c.id
        LEFT JOIN stock_pools p ON p.id = s.pool_id
       WHERE CASE WHEN $2::bigint IS NULL THEN s.id = $1 ELSE s.pool_id = $2 END
      """, [place.stock, place.pool])
    var facts = try FactsOfListings.all(
      of: rows.map { (listing: $0.int(0), stock: $0.int(1)) }, on: connection)
    guard !facts.isEmpty else {
      (opening, share) = (.none, try Self.unlisted(in: place, on: connection))
      return
    }
    guard place.pool != nil else {
      (opening, share) = (.none, facts.values.reduce(0) { $0 + $1.share })
      return
    }
    var joined: [Int: Timestamp] = [:]
    for row in rows { joined[row.int(0)] = row.optionalTimestamp(2) }
    opening =
      rows.first?.optionalTimestamp(3).map { .opened(at: $0) } ?? PoolOpening.of(facts, joined: joined)
    for listing in facts.keys {
      facts[listing]?.joinedAt = opening.joinedAt(listing: listing, own: joined[listing])
    }
    share = facts.values.reduce(0) { $0 + $1.share }
  }

  /// What was booked in while the stock had no listing: it goes over to the first one.
  private static func unlisted(in place: Place, on connection: Connection) throws -> Int {
    try connection.query(
      """
      SELECT coalesce(sum(h.step), 0)::bigint
        FROM marketplace_stock s JOIN stock_history h ON h.marketplace_stock_id = s.id
         AND h.listing_ref = $2 AND h.occurred_at > s.joined_at
       WHERE s.id = $1
      """, [place.stock, Place.noListing]
    ).first?.int(0) ?? 0
  }

  /// Another listing may have opened the pool now.
  func keepOpening(on connection: Connection) throws {
    guard let pool else { return }
    let anchor: (listing: Int, at: Timestamp)? =
      if case .anchor(let listing, let at) = opening { (listing, at) } else { nil }
    try connection.query(
      """
      UPDATE stock_pools SET anchor_listing = $2, anchor_at = $3 WHERE id = $1 AND opened_at IS NULL
      """, [pool, anchor?.listing, anchor?.at])
  }
}

extension Place {
  /// listing, stock, variation, marketplace, sku, platform, pool.
  fileprivate convenience init(row: Row) {
    self.init(
      listing: row.optionalInt(0) ?? Place.noListing, stock: row.int(1), variation: row.int(2),
      marketplace: row.int(3),
      sku: row.text(4), platform: row.text(5), pool: row.optionalInt(6))
  }
}
