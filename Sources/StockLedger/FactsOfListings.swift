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

  /// Among so many bases before the earliest of what came one is looked for from which on all can be told.
  private static let depth = 200

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
    let stockIds = listings.map { stocks[$0] ?? 0 }
    let bases = try connection.send(
      """
      SELECT b.listing_ref, b.location_id, b.as_of, b.kind, b.quantity, b.fact_id, b.since, f.from_base
        FROM \(Self.windows) AS w
        JOIN LATERAL \(Self.reachOfWindow) AS f ON true
        JOIN stock_bases b ON b.listing_ref = w.listing_ref AND b.as_of >= f.from_base
      """, [listings, moments, stockIds])
    let steps = try connection.send(
      """
      SELECT w.listing_ref, h.occurred_at, sum(h.step)::bigint
        FROM \(Self.windows) AS w
        JOIN LATERAL \(Self.reachOfWindow) AS f ON true
        JOIN stock_history h ON \(Self.ofListing) AND h.occurred_at > f.from_base
       GROUP BY w.listing_ref, h.occurred_at
      """, [listings, moments, stockIds])
    return (bases, steps)
  }

  private static let windows = """
    (SELECT n.listing_ref, n.earliest, n.stock, l.former_stock || n.stock AS stocks,
            NOT EXISTS (SELECT FROM listings o
                         WHERE o.variation_id = l.variation_id AND o.connection_id = l.connection_id
                           AND o.id < l.id) AS is_first
       FROM unnest($1::bigint[], $2::timestamptz[], $3::bigint[]) AS n(listing_ref, earliest, stock)
       JOIN listings l ON l.id = n.listing_ref)
    """

  /// The steps `h` of a listing `w`: a booking that the marketplace saw nothing of is none, and casts no doubt on a
  /// base that is close to it. To the first of its stock also belongs what a person booked in while the stock
  /// had none: what the marketplace shows contains it.
  private static let ofListing = """
    h.marketplace_stock_id = ANY (w.stocks) AND h.step <> 0
      AND (h.listing_ref = w.listing_ref
           OR w.is_first AND h.listing_ref = \(Place.noListing) AND h.marketplace_stock_id = w.stock)
    """

  /// A base with no step so close to it that the clocks can't tell which came first, and under no push of ours: what
  /// lies before it has no say in how the bases after it are explained. Where a listing is never quiet, the last of
  /// those that are looked at.
  private static let reachOfWindow = """
    (SELECT coalesce(
       (SELECT b.as_of
          FROM (SELECT as_of, kind, since FROM stock_bases
                 WHERE listing_ref = w.listing_ref AND as_of < w.earliest ORDER BY as_of DESC LIMIT \(depth)) b
         WHERE NOT EXISTS (SELECT FROM stock_history h
                            WHERE \(ofListing) AND h.occurred_at >= least(b.since, b.as_of) - \(doubt)
                              AND h.occurred_at <= b.as_of + \(doubt))
           AND (b.kind = 'push' OR NOT EXISTS (
                 SELECT FROM stock_bases p
                  WHERE p.listing_ref = w.listing_ref AND p.kind = 'push' AND p.as_of >= b.as_of - \(doubt)
                    AND least(p.since, p.as_of) - \(doubt) <= b.as_of))
         ORDER BY b.as_of DESC LIMIT 1),
       (SELECT as_of FROM stock_bases WHERE listing_ref = w.listing_ref AND as_of < w.earliest
         ORDER BY as_of DESC OFFSET \(depth - 1) LIMIT 1),
       '-infinity') AS from_base)
    """

  private static let doubt = "interval '\(Base.doubt.components.seconds) s'"

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
    let origin = StockChange.Origin(
      connection: base.connection, admin: base.admin, notes: "the marketplace \(verb) \(base.base.quantity)")
    return StockChange(
      place: base.place, origin: origin, cause: base.cause, at: base.base.at, step: 0, booked: booked)
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
