import Postgres
import Time

/// The bases and steps of the listings that a batch must look at as a whole, as far back as it matters: to the
/// last base before the earliest of what came.
struct FactsOfListings {
  private var facts: [Int: ListingFacts] = [:]
  /// The listings with new snapshots; one of which nothing was known is looked at as well.
  private var listings: Set<Int> = []
  /// The base from which on a listing's facts were read, where there are older ones.
  private var reach: [Int: Timestamp] = [:]
  private var pending: (bases: Reply, inserted: Reply, steps: Reply)?
  /// Snapshots that were not known before this batch.
  private var new: [Int: Set<Base>] = [:]

  subscript(listing: Int) -> ListingFacts? { facts[listing] }

  /// Queues the look at the facts of the listings with new snapshots, and the insert of those snapshots. The stock
  /// rows are locked already, so nobody else changes these facts now.
  static func send(
    for snapshots: [Booking.Snapshot], on connection: Connection
  ) throws(PostgresError) -> FactsOfListings {
    var result = FactsOfListings()
    guard !snapshots.isEmpty else { return result }
    result.listings = Set(snapshots.map(\.place.listing))
    let bases = try result.sendWindows(
      earliest: snapshots.map { ($0.place, $0.base.location.isEmpty ? $0.base.at : .distantPast) },
      on: connection)
    let inserted = try connection.send(
      """
      INSERT INTO stock_bases (listing_ref, location_id, as_of, kind, quantity, fact_id)
      SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::text[])
      ON CONFLICT DO NOTHING RETURNING listing_ref, location_id, as_of, kind, quantity, fact_id
      """,
      [
        snapshots.map(\.place.listing), snapshots.map(\.base.location), snapshots.map(\.base.at),
        snapshots.map(\.base.kind.rawValue), snapshots.map(\.base.quantity), snapshots.map(\.base.id),
      ])
    result.pending = (bases.bases, inserted, bases.steps)
    return result
  }

  /// Takes the answers, and looks at the listings of late steps as well.
  mutating func receive(besides late: [StockChange], on connection: Connection) throws {
    for listing in listings { facts[listing] = ListingFacts() }
    if let pending {
      try take(bases: pending.bases, steps: pending.steps, on: connection)
      for row in try connection.receive(pending.inserted) {
        new[row.int(0), default: []].insert(row.base(from: 1))
      }
    }
    let further = late.filter { change in
      reach[change.place.listing].map { change.at <= $0 } ?? (facts[change.place.listing] == nil)
    }
    guard !further.isEmpty else { return }
    let window = try sendWindows(earliest: further.map { ($0.place, $0.at) }, on: connection)
    try take(bases: window.bases, steps: window.steps, on: connection)
    for (listing, bases) in new { facts[listing] = facts[listing]?.without(bases) }
  }

  private func sendWindows(
    earliest: [(place: Place, at: Timestamp)], on connection: Connection
  ) throws(PostgresError) -> (bases: Reply, steps: Reply) {
    var first: [Int: Timestamp] = [:]
    var stocks: [Int: Int] = [:]
    for (place, at) in earliest {
      first[place.listing] = min(first[place.listing] ?? at, at)
      stocks[place.listing] = place.stock
    }
    let listings = first.keys.sorted()
    let moments = listings.map { first[$0] ?? .epoch }
    let bases = try connection.send(
      """
      SELECT b.listing_ref, b.location_id, b.as_of, b.kind, b.quantity, b.fact_id, f.from_base
        FROM unnest($1::bigint[], $2::timestamptz[]) AS w(listing_ref, earliest)
        JOIN LATERAL (SELECT coalesce(max(as_of), '-infinity') AS from_base FROM stock_bases
                       WHERE listing_ref = w.listing_ref AND as_of < w.earliest) AS f ON true
        JOIN stock_bases b ON b.listing_ref = w.listing_ref AND b.as_of >= f.from_base
      """, [listings, moments])
    let steps = try connection.send(
      """
      SELECT w.listing_ref, h.occurred_at, sum(h.step)::bigint
        FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[]) AS w(listing_ref, earliest, stock)
        JOIN LATERAL (SELECT coalesce(max(as_of), '-infinity') AS from_base FROM stock_bases
                       WHERE listing_ref = w.listing_ref AND as_of < w.earliest) AS f ON true
        JOIN listings l ON l.id = w.listing_ref
        JOIN stock_history h ON h.marketplace_stock_id = ANY (l.former_stock || w.stock)
         AND h.listing_ref = w.listing_ref AND h.occurred_at > f.from_base
       GROUP BY w.listing_ref, h.occurred_at
      """, [listings, moments, listings.map { stocks[$0] ?? 0 }])
    return (bases, steps)
  }

  private mutating func take(bases: Reply, steps: Reply, on connection: Connection) throws {
    var basesOf: [Int: [Base]] = [:]
    for row in try connection.receive(bases) {
      basesOf[row.int(0), default: []].append(row.base(from: 1))
      reach[row.int(0)] = row.timestamp(6)
    }
    var stepsOf: [Int: [(at: Timestamp, size: Int)]] = [:]
    for row in try connection.receive(steps) {
      stepsOf[row.int(0), default: []].append((row.timestamp(1), row.int(2)))
    }
    for listing in Set(basesOf.keys).union(stepsOf.keys) {
      facts[listing] = ListingFacts(bases: basesOf[listing] ?? [], steps: stepsOf[listing] ?? [])
    }
  }

  /// Adds a step of this batch to its listing, where the listing is looked at.
  mutating func add(_ change: StockChange) {
    facts[change.place.listing]?.steps.append((change.at, change.step))
  }

  /// What a new snapshot changes; nil when it was known, or changes nothing.
  mutating func book(_ snapshot: Booking.Snapshot) -> StockChange? {
    guard new[snapshot.place.listing]?.remove(snapshot.base) != nil else { return nil }
    guard var listing = facts[snapshot.place.listing] else { return nil }
    let before = listing.share
    listing.insert([snapshot.base])
    facts[snapshot.place.listing] = listing
    let booked = listing.share - before
    guard booked != 0 else { return nil }
    return StockChange(
      place: snapshot.place, cause: snapshot.cause, at: snapshot.base.at, step: 0, booked: booked,
      connection: snapshot.connection, notes: "the marketplace had \(snapshot.base.quantity)")
  }
}

extension Timestamp {
  /// Before every base and step.
  fileprivate static let distantPast = Timestamp(secondsSince1970: -62_135_596_800)
}

extension Row {
  /// location, as of, kind, quantity, id.
  fileprivate func base(from column: Int) -> Base {
    Base(
      at: timestamp(column + 1), kind: text(column + 2) == "push" ? .push : .snapshot,
      quantity: int(column + 3),
      id: text(column + 4), location: text(column))
  }
}
