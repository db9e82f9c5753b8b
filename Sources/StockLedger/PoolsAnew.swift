import Postgres
import Time

/// The pools whose first snapshot came in a batch, or one before it: which listing opened the stock may be another
/// now, so all their listings are looked at.
struct PoolsAnew {
  private var waiting: Reply?
  private var rows: StockRows?
  private var poolOf: [Int: Int] = [:]
  private(set) var openings: [Int: PoolOpening] = [:]

  /// Queues the look at the listings of such pools.
  static func send(
    for bases: [Booking.NewBase], rows: StockRows, on connection: Connection
  ) throws(PostgresError) -> PoolsAnew {
    var result = PoolsAnew()
    let pools = Set(
      bases.compactMap { new -> Int? in
        guard let pool = new.place.pool, new.base.kind == .snapshot, rows.isAnchor(new) else { return nil }
        return pool
      })
    guard !pools.isEmpty else { return result }
    result.rows = rows
    result.waiting = try connection.send(
      """
      SELECT s.pool_id, s.id, l.id, s.joined_at
        FROM unnest($1::bigint[]) AS p(id)
        JOIN marketplace_stock s ON s.pool_id = p.id
        JOIN platform_connections c ON c.marketplace_id = s.marketplace_id
        JOIN listings l ON l.variation_id = s.variation_id AND l.connection_id = c.id
      """, [pools.sorted()])
    return result
  }

  /// The listings of the pools, as places.
  mutating func receive(on connection: Connection) throws -> [Place] {
    guard let waiting else { return [] }
    var places: [Place] = []
    for row in try connection.receive(waiting) {
      let (pool, stock, listing) = (row.int(0), row.int(1), row.int(2))
      poolOf[listing] = pool
      rows?.note(listing: listing, of: stock)
      places.append(
        Place(
          listing: listing, stock: stock, variation: 0, marketplace: 0, sku: "", platform: "", pool: pool))
    }
    return places
  }

  /// Sets when each listing joined, by the opening that the pools have had until now.
  func join(_ facts: inout [Int: ListingFacts]) {
    for listing in poolOf.keys { facts[listing]?.joinedAt = rows?.joinedAt(listing: listing) }
  }

  /// Opens the pool of a listing anew by what is known now; answers the listings whose share may have changed.
  mutating func open(for listing: Int, _ facts: inout [Int: ListingFacts]) -> [Int] {
    guard let pool = poolOf[listing] else { return [] }
    let members = poolOf.filter { $0.value == pool }.map(\.key)
    var joined: [Int: Timestamp] = [:]
    for member in members { joined[member] = rows?.ownJoinedAt(listing: member) }
    let opening = PoolOpening.of(facts.filter { poolOf[$0.key] == pool }, joined: joined)
    openings[pool] = opening
    for member in members {
      facts[member]?.joinedAt = opening.joinedAt(listing: member, own: joined[member])
    }
    return members
  }
}
