import Postgres
import Time

/// What keeps one number: a stock row that stands alone, or a pool with its rows as mirrors.
enum StockUnit: Hashable, Comparable {
  case pool(Int)
  case row(Int)
}

extension Place {
  var unit: StockUnit { pool.map { .pool($0) } ?? .row(stock) }
}

/// The stock that a batch touches, locked from the first UPDATE to the commit: pools in the order of their ids, then
/// rows in the order of theirs.
struct StockRows {
  struct StockRow {
    var place: Place
    var connection: String
    var cause: StockChange.Cause
    /// What the first UPDATE adds: every change in full.
    var assumed = 0
    var onHandBefore = 0
    var onHand = 0
    var version = 0
    /// Whether a listing of a pool was seen with another quantity than the pool's.
    var isOutOfStep = false
  }

  /// A row of `marketplace_stock`.
  struct Member {
    var stock: Int
    var marketplace: Int
    /// The latest base that any of its listings had before this batch.
    var baseAt: Timestamp
    /// nil: from the beginning.
    var joinedAt: Timestamp?
  }

  private var rows: [StockUnit: StockRow] = [:]
  private var members: [Int: Member] = [:]
  private var membersOf: [Int: [Int]] = [:]
  private var openings: [Int: PoolOpening] = [:]
  private var places: [Int: (stock: Int, pool: Int?)] = [:]

  var all: [StockRow] { rows.sorted { $0.key < $1.key }.map(\.value) }

  init(changes: [StockChange], bases: [Booking.NewBase]) {
    for change in changes {
      rows[
        change.place.unit,
        default: StockRow(place: change.place, connection: change.connection, cause: change.cause)
      ].assumed += change.booked
      places[change.place.listing] = (change.place.stock, change.place.pool)
    }
    for base in bases {
      if rows[base.place.unit] == nil {
        rows[base.place.unit] = StockRow(place: base.place, connection: base.connection, cause: base.cause)
      }
      places[base.place.listing] = (base.place.stock, base.place.pool)
    }
  }

  // MARK: What is known of a listing

  /// The latest moment behind which a step of the place must be looked at with all that is known around it.
  func settledAt(_ place: Place) -> Timestamp {
    let base = members[place.stock]?.baseAt ?? .epoch
    return max(base, joinedAt(listing: place.listing) ?? base) + Base.doubt
  }

  func joinedAt(listing: Int) -> Timestamp? {
    guard let place = places[listing], let pool = place.pool else { return nil }
    return (openings[pool] ?? .none).joinedAt(listing: listing, own: members[place.stock]?.joinedAt)
  }

  func ownJoinedAt(listing: Int) -> Timestamp? { places[listing].flatMap { members[$0.stock]?.joinedAt } }

  /// Whether a snapshot may be the first of all of its pool.
  func isAnchor(_ new: Booking.NewBase) -> Bool {
    guard let pool = new.place.pool, members[new.place.stock]?.joinedAt == nil else { return false }
    return switch openings[pool] ?? .none {
    case .none: true
    case .anchor(_, let at): new.base.at <= at
    case .opened: false
    }
  }

  mutating func note(listing: Int, of stock: Int) {
    guard let pool = membersOf.first(where: { $0.value.contains(stock) })?.key else { return }
    places[listing] = (stock, pool)
  }

  mutating func markOutOfStep(_ units: Set<StockUnit>) {
    for unit in units { rows[unit]?.isOutOfStep = true }
  }

  // MARK: Writing

  /// Adds all changes in full, which locks the rows, and learns what was there.
  mutating func book(on connection: Connection) throws {
    try bookPools(on: connection)
    let ids = rows.keys.compactMap { if case .row(let id) = $0 { id } else { nil } }.sorted()
    guard !ids.isEmpty else { return }
    let answer = try connection.query(
      """
      UPDATE marketplace_stock s
         SET on_hand = s.on_hand + d.delta, listed_stock = greatest(0, s.on_hand + d.delta),
             version = s.version + 1, updated_at = now()
        FROM unnest($1::bigint[], $2::bigint[]) AS d(id, delta)
       WHERE s.id = d.id
      RETURNING s.id, s.on_hand, s.version, s.base_at, s.marketplace_id
      """, [ids, ids.map { rows[.row($0)]?.assumed ?? 0 }])
    for row in answer {
      learn(.row(row.int(0)), onHand: row.int(1), version: row.int(2))
      members[row.int(0)] = Member(stock: row.int(0), marketplace: row.int(4), baseAt: row.timestamp(3))
    }
  }

  private mutating func bookPools(on connection: Connection) throws {
    let ids = rows.keys.compactMap { if case .pool(let id) = $0 { id } else { nil } }.sorted()
    guard !ids.isEmpty else { return }
    let pools = try connection.send(
      """
      UPDATE stock_pools p SET on_hand = p.on_hand + d.delta, version = p.version + 1
        FROM unnest($1::bigint[], $2::bigint[]) AS d(id, delta)
       WHERE p.id = d.id
      RETURNING p.id, p.on_hand, p.version, p.anchor_listing, p.anchor_at, p.opened_at
      """, [ids, ids.map { rows[.pool($0)]?.assumed ?? 0 }])
    let mirrors = try connection.send(Self.mirror, [ids])
    for row in try connection.receive(pools) {
      learn(.pool(row.int(0)), onHand: row.int(1), version: row.int(2))
      if let at = row.optionalTimestamp(5) {
        openings[row.int(0)] = .opened(at: at)
      } else if let at = row.optionalTimestamp(4) {
        openings[row.int(0)] = .anchor(listing: row.int(3), at: at)
      }
    }
    for row in try connection.receive(mirrors) {
      members[row.int(0)] = Member(
        stock: row.int(0), marketplace: row.int(2), baseAt: row.timestamp(3),
        joinedAt: row.optionalTimestamp(4))
      membersOf[row.int(1), default: []].append(row.int(0))
    }
  }

  /// Sets the rows of pools to what their pools have.
  private static let mirror = """
    UPDATE marketplace_stock s
       SET on_hand = p.on_hand, listed_stock = greatest(0, p.on_hand), version = s.version + 1, updated_at = now()
      FROM unnest($1::bigint[]) AS d(id) JOIN stock_pools p ON p.id = d.id
     WHERE s.pool_id = p.id
    RETURNING s.id, s.pool_id, s.marketplace_id, s.base_at, nullif(s.joined_at, '-infinity')
    """

  private mutating func learn(_ unit: StockUnit, onHand: Int, version: Int) {
    guard var row = rows[unit] else { return }
    row.onHand = onHand
    row.onHandBefore = onHand - row.assumed
    row.version = version
    rows[unit] = row
  }

  /// Puts right what the first UPDATE assumed too simply, and notes the new bases. Most batches have neither.
  mutating func correct(
    with changes: [StockChange], bases: [Booking.NewBase], openings: [Int: PoolOpening],
    on connection: Connection
  ) throws {
    var booked: [StockUnit: Int] = [:]
    for change in changes { booked[change.place.unit, default: 0] += change.booked }
    let wrong = rows.filter { booked[$0.key, default: 0] != $0.value.assumed }.map(\.key).sorted()
    for unit in wrong {
      guard var row = rows[unit] else { continue }
      row.onHand += booked[unit, default: 0] - row.assumed
      rows[unit] = row
    }
    try correctPools(wrong, openings, on: connection)
    let latest = Self.latest(of: bases)
    for (_, new) in latest where new.place.pool != nil && new.base.kind == .snapshot {
      guard let row = rows[new.place.unit] else { continue }
      if new.base.quantity != max(0, row.onHand) { rows[new.place.unit]?.isOutOfStep = true }
    }
    let touched = Set(wrong.compactMap { if case .row(let id) = $0 { id } else { nil } })
      .union(latest.keys).sorted()
    guard !touched.isEmpty else { return }
    let snapshots = latest.mapValues { $0.base.kind == .snapshot ? $0.base.quantity : nil }
    _ = try connection.send(
      """
      UPDATE marketplace_stock s
         SET on_hand = coalesce(d.on_hand, s.on_hand),
             listed_stock = greatest(0, coalesce(d.on_hand, s.on_hand)),
             base_at = greatest(s.base_at, coalesce(d.as_of, s.base_at)),
             last_api_quantity = CASE WHEN d.as_of >= s.base_at THEN coalesce(d.quantity, s.last_api_quantity)
                                      ELSE s.last_api_quantity END,
             last_synced_at = CASE WHEN d.as_of >= s.base_at THEN d.as_of ELSE s.last_synced_at END
        FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[])
               AS d(id, on_hand, as_of, quantity)
       WHERE s.id = d.id
      """,
      [
        touched, touched.map { rows[.row($0)]?.onHand }, touched.map { latest[$0]?.base.at },
        touched.map { snapshots[$0] ?? nil },
      ])
  }

  private func correctPools(
    _ wrong: [StockUnit], _ openings: [Int: PoolOpening], on connection: Connection
  ) throws {
    let ids = Set(wrong.compactMap { if case .pool(let id) = $0 { id } else { nil } })
      .union(openings.keys).sorted()
    guard !ids.isEmpty else { return }
    let anchors = ids.map { id -> (listing: Int, at: Timestamp)? in
      if case .anchor(let listing, let at) = openings[id] { (listing, at) } else { nil }
    }
    _ = try connection.send(
      """
      UPDATE stock_pools p SET on_hand = d.on_hand, anchor_listing = coalesce(d.listing, p.anchor_listing),
             anchor_at = coalesce(d.at, p.anchor_at)
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[]) AS d(id, on_hand, listing, at)
       WHERE p.id = d.id
      """,
      [ids, ids.map { rows[.pool($0)]?.onHand ?? 0 }, anchors.map { $0?.listing }, anchors.map { $0?.at }])
    _ = try connection.send(Self.mirror, [ids])
  }

  /// The latest new base of each stock row.
  private static func latest(of bases: [Booking.NewBase]) -> [Int: Booking.NewBase] {
    var latest: [Int: Booking.NewBase] = [:]
    for new in bases where latest[new.place.stock].map({ $0.base < new.base }) ?? true {
      latest[new.place.stock] = new
    }
    return latest
  }

  /// Gives every change the stock that was there before it; answers them as they are written: a change of a pool once
  /// for each of its rows, the step only for the row whose marketplace saw it.
  func walked(_ changes: [StockChange]) -> [StockChange] {
    var running = rows.mapValues(\.onHandBefore)
    var written: [StockChange] = []
    written.reserveCapacity(changes.count)
    for var change in changes {
      change.before = running[change.place.unit] ?? 0
      running[change.place.unit] = change.after
      written.append(change)
      for mirror in change.place.pool.flatMap({ membersOf[$0] }) ?? [] where mirror != change.place.stock {
        guard change.booked != 0, let member = members[mirror] else { continue }
        var copy = change
        copy.place.stock = mirror
        copy.place.marketplace = member.marketplace
        copy.step = 0
        written.append(copy)
      }
    }
    return written
  }
}
