import Postgres
import Time

/// The bases and steps of the listings that a batch must look at as a whole, as far back as it matters: some bases
/// before the earliest of what came. The stock rows are locked already, so nobody else changes these facts now.
struct FactsOfListings {
  private var facts: [Int: ListingFacts] = [:]
  private var shares: [Int: Int] = [:]
  /// The base from which on a listing's facts were read, where there are older ones.
  private var reach: [Int: Timestamp] = [:]
  private var pending: (bases: Reply, inserted: Reply, steps: Reply)?
  /// Bases that were not known before this batch.
  private var new: [Int: Set<Base>] = [:]
  private var pools: PoolsAnew

  subscript(listing: Int) -> ListingFacts? { facts[listing] }

  /// The openings of the pools that a base of this batch has opened anew.
  var openings: [Int: PoolOpening] { pools.openings }

  /// Queues the look at the facts of the listings with new bases, and the insert of those bases.
  static func send(
    for bases: [Booking.NewBase], rows: StockRows, on connection: Connection
  ) throws(PostgresError) -> FactsOfListings {
    var result = FactsOfListings(pools: try PoolsAnew.send(for: bases, rows: rows, on: connection))
    guard !bases.isEmpty else { return result }
    for base in bases { result.facts[base.place.listing] = ListingFacts() }
    let window = try result.sendWindows(
      earliest: bases.map { ($0.place, $0.base.location.isEmpty ? $0.base.window.lowerBound : .distantPast) },
      on: connection)
    let inserted = try connection.send(
      """
      INSERT INTO stock_bases (listing_ref, location_id, as_of, kind, quantity, fact_id, since)
      SELECT * FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[], $5::bigint[], $6::text[],
        $7::timestamptz[])
      ON CONFLICT DO NOTHING RETURNING listing_ref, location_id, as_of, kind, quantity, fact_id, since
      """,
      [
        bases.map(\.place.listing), bases.map(\.base.location), bases.map(\.base.at),
        bases.map(\.base.kind.rawValue), bases.map(\.base.quantity), bases.map(\.base.id),
        bases.map(\.base.since),
      ])
    result.pending = (window.bases, inserted, window.steps)
    return result
  }

  /// Takes the answers, and looks at the listings of late steps and at those of pools that open anew as well.
  mutating func receive(
    besides late: [StockChange], rows: StockRows, on connection: Connection
  ) throws {
    if let pending {
      try take(bases: pending.bases, steps: pending.steps, on: connection)
      for row in try connection.receive(pending.inserted) {
        new[row.int(0), default: []].insert(row.base(from: 1))
      }
    }
    var further: [(place: Place, at: Timestamp)] = late.filter { change in
      reach[change.place.listing].map { change.at <= $0 + Base.doubt } ?? (facts[change.place.listing] == nil)
    }.map { ($0.place, $0.at - Base.doubt) }
    further += try pools.receive(on: connection).map { ($0, .distantPast) }
    if !further.isEmpty {
      for (place, _) in further { facts[place.listing] = facts[place.listing] ?? ListingFacts() }
      let window = try sendWindows(earliest: further, on: connection)
      try take(bases: window.bases, steps: window.steps, on: connection)
      for (listing, bases) in new { facts[listing] = facts[listing]?.without(bases) }
    }
    for listing in facts.keys { facts[listing]?.joinedAt = rows.joinedAt(listing: listing) }
    pools.join(&facts)
    shares = facts.mapValues(\.share)
  }

  /// What is known of a listing lately, as far back as it matters for what its marketplace shows.
  static func now(of place: Place, on connection: Connection) throws -> ListingFacts {
    var result = FactsOfListings(pools: PoolsAnew())
    let window = try result.sendWindows(earliest: [(place, .now())], on: connection)
    try result.take(bases: window.bases, steps: window.steps, on: connection)
    return result.facts[place.listing] ?? ListingFacts()
  }

  /// All that is known of listings.
  static func all(
    of listings: [(listing: Int, stock: Int)], on connection: Connection
  ) throws -> [Int: ListingFacts] {
    var result = FactsOfListings(pools: PoolsAnew())
    for (listing, _) in listings { result.facts[listing] = ListingFacts() }
    let places = listings.map { listing, stock in
      Place(listing: listing, stock: stock, variation: 0, marketplace: 0, sku: "", platform: "")
    }
    let window = try result.sendWindows(earliest: places.map { ($0, .distantPast) }, on: connection)
    try result.take(bases: window.bases, steps: window.steps, on: connection)
    return result.facts
  }

  /// How many bases before the earliest of what came are read: a base's place among the steps depends on the one
  /// before it.
  private static let depth = 4

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
      SELECT b.listing_ref, b.location_id, b.as_of, b.kind, b.quantity, b.fact_id, b.since, f.from_base
        FROM unnest($1::bigint[], $2::timestamptz[]) AS w(listing_ref, earliest)
        JOIN LATERAL \(Self.reachOfWindow) AS f ON true
        JOIN stock_bases b ON b.listing_ref = w.listing_ref AND b.as_of >= f.from_base
      """, [listings, moments])
    let steps = try connection.send(
      """
      SELECT w.listing_ref, h.occurred_at, sum(h.step)::bigint
        FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[]) AS w(listing_ref, earliest, stock)
        JOIN LATERAL \(Self.reachOfWindow) AS f ON true
        JOIN listings l ON l.id = w.listing_ref
        JOIN stock_history h ON h.marketplace_stock_id = ANY (l.former_stock || w.stock)
         AND h.listing_ref = w.listing_ref AND h.occurred_at > f.from_base
       GROUP BY w.listing_ref, h.occurred_at
      """, [listings, moments, listings.map { stocks[$0] ?? 0 }])
    return (bases, steps)
  }

  private static let reachOfWindow = """
    (SELECT coalesce((SELECT as_of FROM stock_bases WHERE listing_ref = w.listing_ref AND as_of < w.earliest
                       ORDER BY as_of DESC OFFSET \(depth - 1) LIMIT 1), '-infinity') AS from_base)
    """

  private mutating func take(bases: Reply, steps: Reply, on connection: Connection) throws {
    var basesOf: [Int: [Base]] = [:]
    for row in try connection.receive(bases) {
      basesOf[row.int(0), default: []].append(row.base(from: 1))
      reach[row.int(0)] = row.timestamp(7)
    }
    var stepsOf: [Int: [(at: Timestamp, size: Int)]] = [:]
    for row in try connection.receive(steps) {
      stepsOf[row.int(0), default: []].append((row.timestamp(1), row.int(2)))
    }
    for listing in Set(basesOf.keys).union(stepsOf.keys) {
      facts[listing] = ListingFacts(bases: basesOf[listing] ?? [], steps: stepsOf[listing] ?? [])
    }
  }

  // MARK: Booking

  /// What a step of this batch changes; nil when its listing is not looked at.
  mutating func book(_ change: StockChange) -> Int? {
    guard facts[change.place.listing] != nil else { return nil }
    facts[change.place.listing]?.add(step: change.step, at: change.at)
    return settle(change.place.listing)
  }

  /// What a new base changes; nil when it was known, or changes nothing.
  mutating func book(_ base: Booking.NewBase) -> StockChange? {
    let listing = base.place.listing
    guard new[listing]?.remove(base.base) != nil, facts[listing] != nil else { return nil }
    facts[listing]?.insert([base.base])
    let booked =
      pools.open(for: listing, &facts).reduce(settle(listing)) { $0 + ($1 == listing ? 0 : settle($1)) }
    guard booked != 0 else { return nil }
    let verb = base.base.kind == .push ? "was brought to" : "had"
    return StockChange(
      place: base.place, cause: base.cause, at: base.base.at, step: 0, booked: booked,
      connection: base.connection, admin: base.admin, notes: "the marketplace \(verb) \(base.base.quantity)")
  }

  /// By how much a listing's share has changed since it was last asked.
  private mutating func settle(_ listing: Int) -> Int {
    let share = facts[listing]?.share ?? 0
    defer { shares[listing] = share }
    return share - (shares[listing] ?? 0)
  }
}

extension Timestamp {
  /// Before every base and step.
  fileprivate static let distantPast = Timestamp(secondsSince1970: -62_135_596_800)
}

extension Row {
  /// location, as of, kind, quantity, id, since.
  fileprivate func base(from column: Int) -> Base {
    Base(
      at: timestamp(column + 1), kind: text(column + 2) == "push" ? .push : .snapshot,
      quantity: int(column + 3), id: text(column + 4), location: text(column),
      since: optionalTimestamp(column + 5))
  }
}
