import JSON
import Outbox
package import Postgres
import Time

package import struct Foundation.UUID

/// A listing whose quantity follows the ledger.
package struct PushTarget: Sendable {
  package var connectionId: UUID
  package var externalId: String
  /// What the ledger has for it.
  package var quantity: Int
  /// What the marketplace should show now; nil when that was never known.
  package var expected: Int?
  /// Whether a second reading of it was asked for and is not in yet (Rule 9): until then the ledger may be wrong by
  /// one sale, and an absolute write would make that last.
  package var isBeingRead: Bool
  package var place: Place
}

/// The ledger as those see it who write to marketplaces.
package enum PushLedger {
  /// nil for a listing that is gone or whose stock is not shared, and for one of a pool of which nobody knows yet how
  /// many pieces there are: a sale or a top-up that is booked before the first reading would be written over the
  /// quantity that the marketplace has, and the reading would find it there. It is asked for; the ledger tells of what
  /// it says.
  package static func target(of listing: Int, on connection: Connection) throws -> PushTarget? {
    guard let (place, connectionId, externalId) = try place(of: listing, on: connection) else { return nil }
    let facts = try FactsOfListings.now(of: place, on: connection)
    let row = try connection.query(
      """
      SELECT s.listed_stock, coalesce(l.reread_at > clock_timestamp() - interval '3 s', false),
             coalesce(p.opened_at, p.anchor_at) IS NOT NULL
        FROM marketplace_stock s JOIN stock_pools p ON p.id = s.pool_id, listings l WHERE s.id = $1 AND l.id = $2
      """, [place.stock, listing]
    ).first
    guard let row else { return nil }
    guard row.bool(2) else {
      try Rereads.ask(for: [listing], on: connection)
      return nil
    }
    return PushTarget(
      connectionId: connectionId, externalId: externalId, quantity: row.int(0), expected: facts.expected,
      isBeingRead: row.bool(1), place: place)
  }

  /// Books what is now known of a listing: a confirmed push, or a reading.
  package static func record(
    _ base: Base, at target: PushTarget, lowThreshold: Int, on connection: Connection
  ) throws {
    try Catalogue.holdAsLane(on: connection)
    // It may have been mapped anew while the marketplace was called.
    guard let (place, _, _) = try place(of: target.place.listing, on: connection) else { return }
    var booking = Booking(lowThreshold: lowThreshold)
    booking.add(base, at: place, connection: target.connectionId, cause: .apiSync)
    try booking.book(on: connection)
  }

  /// Asks for the listing to be read again soon.
  package static func reread(_ target: PushTarget, on connection: Connection) throws {
    try Rereads.ask(for: [target.place.listing], on: connection)
  }

  private static func place(
    of listing: Int, on connection: Connection
  ) throws -> (Place, connection: UUID, external: String)? {
    let row = try connection.query(
      """
      SELECT l.id, s.id, l.variation_id, s.marketplace_id, v.sku, c.platform, s.pool_id, c.id, l.external_id
        FROM listings l
        JOIN platform_connections c ON c.id = l.connection_id
        JOIN marketplace_stock s ON s.variation_id = l.variation_id AND s.marketplace_id = c.marketplace_id
        JOIN stock_pools p ON p.id = s.pool_id AND p.is_shared
        JOIN variations v ON v.id = l.variation_id
       WHERE l.id = $1 AND l.external_id NOT LIKE 'sku:%'
      """, [listing]
    ).first
    return row.map {
      (
        Place(
          listing: $0.int(0), stock: $0.int(1), variation: $0.int(2), marketplace: $0.int(3),
          sku: $0.text(4), platform: $0.text(5), pool: $0.int(6)), $0.uuid(7), $0.text(8)
      )
    }
  }
}
