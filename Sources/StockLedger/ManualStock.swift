import Events
import Lane
package import Postgres
import Time

package import struct Foundation.UUID

/// Stock that a person sets by hand.
package enum ManualStock {
  /// Sets a SKU's stock at a connection, or that of its pool, to a quantity; answers the change. An unknown SKU is made.
  /// `settling` is done in the same transaction.
  package static func set(
    sku: String, to quantity: Int, at connectionId: UUID, admin: String?, note: String?, lowThreshold: Int,
    on connection: Connection, settling: (Connection) throws -> Void = { _ in }
  ) throws -> Int {
    let row = try connection.query(
      """
      SELECT user_id, marketplace_id, platform, coalesce((sync_rules->>'propagateInventory')::bool, false)
        FROM platform_connections WHERE id = $1
      """, [connectionId]
    ).first
    guard let row else {
      throw Failure(.unknownConnection, place: "stock", "there is no connection \(connectionId)")
    }
    let account = Account(
      id: connectionId, user: row.text(0), marketplace: row.int(1), isPooled: row.bool(3))
    let platform = row.text(2)
    let what = Topup(sku: sku, quantity: 0)
    try OwnDelta.makeRow(for: what, of: account, on: connection)
    return try connection.transaction { connection in
      try Catalogue.holdAsLane(on: connection)
      let place = try OwnDelta.place(of: what, for: account, platform: platform, on: connection)
      if let pool = place.pool { try open(pool, on: connection) }
      let held = try connection.query(
        place.pool == nil
          ? "SELECT on_hand FROM marketplace_stock WHERE id = $1 FOR UPDATE"
          : "SELECT on_hand FROM stock_pools WHERE id = $1 FOR UPDATE", [place.pool ?? place.stock])
      let change = quantity - (held.first?.int(0) ?? 0)
      guard change != 0 else {
        try settling(connection)
        return 0
      }
      var booking = Booking(lowThreshold: lowThreshold)
      booking.add(
        [
          StockChange(
            place: place, origin: .init(connection: connectionId, admin: admin, notes: note), cause: .manual,
            at: .now(), step: account.isPooled ? 0 : change, booked: change)
        ], settlesAtZero: false)
      try booking.book(on: connection)
      try settling(connection)
      return change
    }
  }

  /// Whoever has counted a shared stock says how many there are; the first reading of a listing doesn't add to it.
  private static func open(_ pool: Int, on connection: Connection) throws {
    try connection.query(
      "UPDATE stock_pools SET opened_at = clock_timestamp() WHERE id = $1 AND opened_at IS NULL AND anchor_at IS NULL",
      [pool])
  }
}
