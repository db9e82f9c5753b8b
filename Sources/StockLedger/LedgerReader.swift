package import Postgres
package import Time

package import struct Foundation.UUID

/// A listing's quantity as a marketplace has just shown it.
package struct Reading: Sendable {
  package var externalId: String
  package var sku: String?
  package var quantity: Int
  package var at: Timestamp

  package init(externalId: String, sku: String?, quantity: Int, at: Timestamp) {
    self.externalId = externalId
    self.sku = sku
    self.quantity = quantity
    self.at = at
  }
}

/// A listing that was compared: what the marketplace shows, and what it should have shown by the ledger.
package struct ReconciledListing: Sendable {
  package var externalId: String
  package var sku: String
  package var ledger: Int
  package var marketplace: Int
}

/// Compares readings of one connection with the ledger and books them, page after page.
package struct LedgerReader: Sendable {
  private let connectionId: UUID
  private let platform: String
  private let lowThreshold: Int
  private var catalogue = Catalogue()

  package init(connectionId: UUID, platform: String, lowThreshold: Int) {
    self.connectionId = connectionId
    self.platform = platform
    self.lowThreshold = lowThreshold
  }

  private var key: String { connectionId.uuidString.lowercased() }

  private func name(of reading: Reading) -> ListingName? {
    ListingName(connection: key, listing: reading.externalId, sku: reading.sku, platform: platform)
  }

  /// Makes the rows that are missing; outside a transaction.
  package mutating func prepare(_ readings: [Reading], on connection: Connection) throws {
    try catalogue.resolve(readings.compactMap(name(of:)), marketplaces: [key: 0], on: connection)
  }

  /// Books the readings as snapshots in the caller's transaction, and answers what they were compared with. A dry run
  /// books them and takes it back.
  ///
  /// - Throws: a retriable error when the catalogue was mapped anew since `prepare`.
  package mutating func book(
    _ readings: [Reading], isDryRun: Bool, on connection: Connection
  ) throws -> [ReconciledListing] {
    try Catalogue.holdAsLane(on: connection)
    try catalogue.check(try Catalogue.sendEpoch(on: connection), on: connection)
    let placed = readings.compactMap { reading in
      name(of: reading).flatMap { catalogue.place(of: $0) }.map { (reading: reading, place: $0) }
    }
    var booking = Booking(lowThreshold: lowThreshold)
    for (reading, place) in placed {
      let id = "reconciliation/\(reading.externalId)@\(reading.at)#\(reading.quantity)"
      booking.add(
        Base(at: reading.at, kind: .snapshot, quantity: reading.quantity, id: id), at: place,
        connection: connectionId, cause: .reconciliation)
    }
    let shared = try connection.query(
      "SELECT id, listed_stock FROM marketplace_stock WHERE id = ANY($1) AND pool_id IS NOT NULL",
      [placed.map(\.place.stock)])
    let pooled = Dictionary(shared.map { ($0.int(0), $0.int(1)) }, uniquingKeysWith: { $1 })
    if isDryRun { try connection.query("SAVEPOINT rehearsal") }
    let changes = try booking.book(on: connection)
    if isDryRun { try connection.query("ROLLBACK TO SAVEPOINT rehearsal") }
    let booked = Dictionary(changes.map { ($0.place.listing, $0.booked) }, uniquingKeysWith: +)
    return placed.map { reading, place in
      // A shared stock should be shown as it is; one that stands alone as the marketplace itself was last known.
      ReconciledListing(
        externalId: reading.externalId, sku: place.sku,
        ledger: pooled[place.stock] ?? reading.quantity - (booked[place.listing] ?? 0),
        marketplace: reading.quantity)
    }
  }
}
