import Postgres
import Time

import struct Foundation.UUID

/// What keeps one number: a stock row that stands alone, or a pool with its rows as mirrors.
enum StockUnit: Hashable, Comparable {
  case pool(Int)
  case row(Int)

  /// One number for both: rows and pools are asked for with every change.
  func hash(into hasher: inout Hasher) {
    switch self {
    case .pool(let id): hasher.combine(~id)
    case .row(let id): hasher.combine(id)
    }
  }
}

extension Place {
  var unit: StockUnit { pool.map { .pool($0) } ?? .row(stock) }
}

/// The stock that a batch touches, locked from the first UPDATE to the commit: pools in the order of their ids, then
/// rows in the order of theirs.
struct StockRows {
  struct StockRow {
    let place: Place
    let connection: UUID
    /// Of the last change that was booked.
    var cause: StockChange.Cause
    /// What the first UPDATE adds: every change in full.
    var assumed = 0
    /// What the changes come to in the end.
    var booked = 0
    var onHandBefore = 0
    var onHand = 0
    var version = 0
    /// Whether a listing of a pool was seen with another quantity than the pool's.
    var isOutOfStep = false
    /// Of one that stands alone: the latest base that any of its listings had before this batch.
    var baseAt = Timestamp.epoch
  }

  /// A row of `marketplace_stock` that belongs to a pool.
  struct Member {
    var stock: Int
    var marketplace: Int
    /// The latest base that any of its listings had before this batch.
    var baseAt: Timestamp
    /// nil: from the beginning.
    var joinedAt: Timestamp?
  }

  /// As they come in the changes.
  private var rows: [StockRow] = []
  private var indices: [StockUnit: Int] = [:]
  /// The indices of the rows, pools first, by their ids: the order in which they are locked.
  private var order: [Int] = []
  private var members: [Int: Member] = [:]
  private var membersOf: [Int: [Int]] = [:]
  private var openings: [Int: PoolOpening] = [:]
  /// Where the listings of pools are booked.
  private var pooled: [Int: (stock: Int, pool: Int)] = [:]

  /// In the order of their ids.
  var all: some Sequence<StockRow> { order.lazy.map { rows[$0] } }

  /// Notes in each change which row it belongs to.
  init(changes: inout [StockChange], bases: [Booking.NewBase]) {
    for index in changes.indices {
      let row = row(
        of: changes[index].place, connection: changes[index].origin.connection, changes[index].cause)
      changes[index].row = row
      rows[row].assumed += changes[index].booked
    }
    for base in bases { _ = row(of: base.place, connection: base.connection, base.cause) }
    order = rows.indices.sorted { rows[$0].place.unit < rows[$1].place.unit }
  }

  private mutating func row(of place: Place, connection: UUID, _ cause: StockChange.Cause) -> Int {
    if let pool = place.pool { pooled[place.listing] = (place.stock, pool) }
    let unit = place.unit
    if let known = indices[unit] { return known }
    indices[unit] = rows.count
    rows.append(StockRow(place: place, connection: connection, cause: cause))
    return rows.count - 1
  }

  /// The index of a place's row.
  func index(of place: Place) -> Int? { indices[place.unit] }

  // MARK: What is known of a listing

  /// The latest moment behind which a step must be looked at with all that is known around it.
  func settledAt(_ change: StockChange) -> Timestamp {
    guard change.place.pool != nil else { return rows[change.row].baseAt + Base.doubt }
    let base = members[change.place.stock]?.baseAt ?? .epoch
    return max(base, joinedAt(listing: change.place.listing) ?? base) + Base.doubt
  }

  func joinedAt(listing: Int) -> Timestamp? {
    guard let (stock, pool) = pooled[listing] else { return nil }
    return (openings[pool] ?? .none).joinedAt(listing: listing, own: members[stock]?.joinedAt)
  }

  func ownJoinedAt(listing: Int) -> Timestamp? { pooled[listing].flatMap { members[$0.stock]?.joinedAt } }

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
    pooled[listing] = (stock, pool)
  }

  mutating func markOutOfStep(_ units: Set<StockUnit>) {
    for unit in units {
      if let index = indices[unit] { rows[index].isOutOfStep = true }
    }
  }

  // MARK: Writing

  /// Adds all changes in full, which locks the rows, and learns what was there.
  mutating func book(on connection: Connection) throws {
    try bookPools(on: connection)
    let alone = order.filter { rows[$0].place.pool == nil }
    guard !alone.isEmpty else { return }
    let answer = try connection.query(
      """
      UPDATE marketplace_stock s
         SET on_hand = s.on_hand + d.delta, listed_stock = greatest(0, s.on_hand + d.delta),
             version = s.version + 1, updated_at = now()
        FROM unnest($1::bigint[], $2::bigint[]) AS d(id, delta)
       WHERE s.id = d.id
      RETURNING s.id, s.on_hand, s.version, s.base_at
      """, [alone.map { rows[$0].place.stock }, alone.map { rows[$0].assumed }])
    for row in answer {
      guard let index = learn(.row(row.int(0)), onHand: row.int(1), version: row.int(2)) else { continue }
      rows[index].baseAt = row.timestamp(3)
    }
  }

  private mutating func bookPools(on connection: Connection) throws {
    let shared = order.filter { rows[$0].place.pool != nil }
    let ids = shared.compactMap { rows[$0].place.pool }
    guard !ids.isEmpty else { return }
    let pools = try connection.send(
      """
      UPDATE stock_pools p SET on_hand = p.on_hand + d.delta, version = p.version + 1
        FROM unnest($1::bigint[], $2::bigint[]) AS d(id, delta)
       WHERE p.id = d.id
      RETURNING p.id, p.on_hand, p.version, p.anchor_listing, p.anchor_at, p.opened_at
      """, [ids, shared.map { rows[$0].assumed }])
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

  @discardableResult
  private mutating func learn(_ unit: StockUnit, onHand: Int, version: Int) -> Int? {
    guard let index = indices[unit] else { return nil }
    rows[index].onHand = onHand
    rows[index].onHandBefore = onHand - rows[index].assumed
    rows[index].version = version
    return index
  }

  /// Puts right what the first UPDATE assumed too simply, and notes the new bases. Most batches have neither.
  mutating func correct(
    with changes: [StockChange], bases: [Booking.NewBase], openings: [Int: PoolOpening],
    on connection: Connection
  ) throws {
    for change in changes where change.booked != 0 {
      rows[change.row].booked += change.booked
      rows[change.row].cause = change.cause
    }
    let wrong = order.filter { rows[$0].booked != rows[$0].assumed }
    for index in wrong { rows[index].onHand += rows[index].booked - rows[index].assumed }
    try correctPools(wrong, openings, on: connection)
    let latest = Self.latest(of: bases)
    for (_, new) in latest where new.place.pool != nil && new.base.kind == .snapshot {
      guard let index = index(of: new.place) else { continue }
      if new.base.quantity != max(0, rows[index].onHand) { rows[index].isOutOfStep = true }
    }
    let alone = wrong.map { rows[$0].place }.filter { $0.pool == nil }
    let touched = Set(alone.map(\.stock)).union(latest.keys).sorted()
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
        touched, touched.map { indices[.row($0)].map { rows[$0].onHand } },
        touched.map { latest[$0]?.base.at },
        touched.map { snapshots[$0] ?? nil },
      ])
  }

  private func correctPools(
    _ wrong: [Int], _ openings: [Int: PoolOpening], on connection: Connection
  ) throws {
    let ids = Set(wrong.compactMap { rows[$0].place.pool }).union(openings.keys).sorted()
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
      [
        ids, ids.map { id in indices[.pool(id)].map { rows[$0].onHand } ?? 0 }, anchors.map { $0?.listing },
        anchors.map { $0?.at },
      ])
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
    var running = rows.map(\.onHandBefore)
    var written: [StockChange] = []
    written.reserveCapacity(changes.count)
    for var change in changes {
      change.before = running[change.row]
      running[change.row] = change.after
      written.append(change)
      guard change.booked != 0, let pool = change.place.pool else { continue }
      for mirror in membersOf[pool] ?? [] where mirror != change.place.stock {
        guard let member = members[mirror] else { continue }
        var copy = change
        copy.place = change.place.at(stock: mirror, marketplace: member.marketplace)
        copy.step = 0
        written.append(copy)
      }
    }
    return written
  }
}

extension Place {
  /// The same listing in another row of its pool.
  fileprivate func at(stock: Int, marketplace: Int) -> Place {
    Place(
      listing: listing, stock: stock, variation: variation, marketplace: marketplace, sku: sku,
      platform: platform, pool: pool)
  }
}
