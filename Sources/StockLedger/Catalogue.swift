import Events
package import Foundation
import Lane
import Postgres

/// Where a line or a snapshot is booked. Shared by all that is booked there.
package final class Place: Sendable {
  /// Of what is booked into a stock that has no listing yet.
  package static let noListing = 0

  package let listing: Int
  package let stock: Int
  package let variation: Int
  package let marketplace: Int
  package let sku: String
  package let platform: String
  /// The pool that the stock row belongs to; nil for one that stands alone.
  package let pool: Int?

  package init(
    listing: Int, stock: Int, variation: Int, marketplace: Int, sku: String, platform: String,
    pool: Int? = nil
  ) {
    self.listing = listing
    self.stock = stock
    self.variation = variation
    self.marketplace = marketplace
    self.sku = sku
    self.platform = platform
    self.pool = pool
  }
}

/// What names a listing in an event.
package struct ListingName: Sendable, Hashable {
  package var connection: String
  /// The marketplace's id, or `sku:<SKU>` for a line that names none.
  package var external: String
  package var sku: String
  package var platform: String

  /// nil for what can't be booked: neither a listing nor a SKU (a free line of an order).
  package init?(connection: String, listing: String?, sku: String?, platform: String) {
    let listing = listing.flatMap { $0.isEmpty ? nil : $0 }
    let sku = sku.flatMap { $0.isEmpty ? nil : $0 }
    guard let external = listing ?? sku.map({ "sku:" + $0 }) else { return nil }
    self.connection = connection
    self.external = external
    self.sku = sku ?? "listing:" + external
    self.platform = platform
  }

  /// The marketplace's id alone tells most listings apart, and this is asked for every line.
  package func hash(into hasher: inout Hasher) { hasher.combine(external) }
}

/// Who a connection belongs to.
package struct Account: Sendable, Hashable {
  package var id: UUID
  package var user: String
  package var marketplace: Int
  /// Whether its stock is shared (`propagateInventory`): then the marketplace learns of our own deltas only by a push,
  /// and a snapshot does not absorb them (RULES, the stock model: native deltas).
  package var isPooled: Bool
}

/// The ledger's memory of the catalogue: which listing is which variation, and where its stock row is. Rows are made
/// on first sight. What is remembered is good for one epoch of the catalogue.
package struct Catalogue {
  /// Beyond this many names the memory starts anew, to stay bounded.
  private static let limit = 200_000

  private var places: [ListingName: Place] = [:]
  private var byListing: [Int: Place] = [:]
  private var accounts: [String: Account] = [:]
  private var epoch = 0

  package init() {}

  package func place(of name: ListingName) -> Place? { places[name] }
  package func place(ofListing listing: Int) -> Place? { byListing[listing] }
  package func account(_ connection: String) -> Account? { accounts[connection] }

  // MARK: Epoch

  /// Queues the look at the epoch, under a lock that a remapping takes exclusively. Two statements, because the
  /// second must see what was committed while the first one waited.
  static func sendEpoch(on connection: Connection) throws(PostgresError) -> Reply {
    try hold(on: connection)
    return try connection.send("SELECT epoch FROM catalogue_epoch")
  }

  /// Keeps the catalogue as it is until the transaction ends.
  static func hold(on connection: Connection) throws(PostgresError) {
    _ = try connection.send("SELECT pg_advisory_xact_lock_shared(hashtext(current_schema() || '.catalogue'))")
  }

  /// The same for whoever books outside a lane: with a lane's settings, so that rows are locked in the same order.
  static func holdAsLane(on connection: Connection) throws(PostgresError) {
    for (name, value) in LaneTransaction.settings.sorted(by: { $0.key < $1.key }) {
      _ = try connection.send("SELECT set_config($1, $2, true)", [name, value])
    }
    try hold(on: connection)
  }

  /// Waits until nobody books, and keeps everybody from it until the transaction ends.
  static func lock(on connection: Connection) throws(PostgresError) {
    try connection.query("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.catalogue'))")
  }

  /// - Throws: a retriable error when the catalogue was mapped anew since what is remembered was read.
  mutating func check(_ reply: Reply, on connection: Connection) throws(PostgresError) {
    let current = try connection.receive(reply).first?.int(0) ?? 0
    guard current == epoch else {
      forget()
      throw PostgresError(kind: .aborted, message: "the catalogue was mapped anew")
    }
  }

  // MARK: Resolving

  /// Makes and remembers what is not remembered yet. Runs outside the batch's transaction: the rows may stay
  /// whatever becomes of it, and no lock on them is held while it works.
  ///
  /// `marketplaces` gives the marketplace id that an event states, for connections that are not registered.
  mutating func resolve(
    _ names: some Sequence<ListingName>, marketplaces: [String: Int], on connection: Connection
  ) throws {
    var unknown: Set<ListingName> = []
    for name in names where places[name] == nil { unknown.insert(name) }
    let strangers = marketplaces.keys.filter { accounts[$0] == nil }
    if unknown.isEmpty && strangers.isEmpty { return }
    if places.count + unknown.count > Self.limit { forget() }
    if places.isEmpty && accounts.isEmpty {
      epoch = try connection.query("SELECT epoch FROM catalogue_epoch").first?.int(0) ?? 0
    }
    try loadAccounts(strangers, marketplaces: marketplaces, on: connection)
    let known = unknown.filter { accounts[$0.connection] != nil }
    if !known.isEmpty { try makeRows(for: known.sorted { $0.order < $1.order }, on: connection) }
  }

  /// Remembers listings that are known by number only: those of orders that an earlier process, or another lane, has
  /// booked. `platforms` names the platform of each connection.
  mutating func learn(
    _ listings: some Sequence<Int>, platforms: @autoclosure () -> [String: String], on connection: Connection
  ) throws(PostgresError) {
    var unknown: Set<Int> = []
    for listing in listings where byListing[listing] == nil { unknown.insert(listing) }
    guard !unknown.isEmpty else { return }
    let platforms = platforms()
    let owners = platforms.keys.compactMap { accounts[$0] }
    let rows = try connection.query(
      """
      SELECT l.id, s.id, l.variation_id, s.marketplace_id, v.sku, l.connection_id, s.pool_id
        FROM unnest($1::bigint[]) AS n(id)
        JOIN listings l ON l.id = n.id
        JOIN unnest($2::uuid[], $3::bigint[]) AS a(connection_id, marketplace_id)
          ON a.connection_id = l.connection_id
        JOIN marketplace_stock s ON s.variation_id = l.variation_id AND s.marketplace_id = a.marketplace_id
        JOIN variations v ON v.id = l.variation_id
      """, [unknown.sorted(), owners.map(\.id), owners.map(\.marketplace)])
    for row in rows {
      byListing[row.int(0)] = Place(
        listing: row.int(0), stock: row.int(1), variation: row.int(2), marketplace: row.int(3),
        sku: row.text(4),
        platform: platforms[row.uuid(5).text] ?? "", pool: row.optionalInt(6))
    }
  }

  private mutating func forget() {
    places.removeAll()
    byListing.removeAll()
    accounts.removeAll()
  }

  private mutating func loadAccounts(
    _ strangers: [String], marketplaces: [String: Int], on connection: Connection
  ) throws {
    let rows = try connection.query(
      """
      SELECT c.id, c.user_id, c.marketplace_id,
             coalesce((c.sync_rules->>'propagateInventory')::bool, false)
        FROM platform_connections c WHERE c.id = ANY($1)
      """, [strangers.compactMap(UUID.init(text:))])
    for row in rows {
      let id = row.uuid(0)
      accounts[id.text] = Account(
        id: id, user: row.text(1), marketplace: row.int(2), isPooled: row.bool(3))
    }
    // A producer may speak for an account that is not registered here: its stock is kept under the marketplace it
    // names, and belongs to nobody until somebody registers it.
    for stranger in strangers where accounts[stranger] == nil {
      guard let id = UUID(text: stranger), let marketplace = marketplaces[stranger], marketplace > 0
      else { continue }
      accounts[stranger] = Account(id: id, user: "", marketplace: marketplace, isPooled: false)
    }
  }

  private mutating func makeRows(for names: [ListingName], on connection: Connection) throws {
    let owners = names.compactMap { accounts[$0.connection] }
    let users = owners.map(\.user)
    let skus = names.map(\.sku)
    let externals = names.map(\.external)
    let ids = owners.map(\.id)
    let marketplaces = owners.map(\.marketplace)
    try connection.query(Self.insertVariations, [users, skus])
    try connection.query(Self.insertListings, [ids, externals, users, skus])
    try connection.query(Self.nameVariations, [ids, externals, users, skus])
    try connection.query(Self.insertStock, [ids, externals, marketplaces])
    var rows = try connection.query(Self.selectPlaces, [ids, externals, marketplaces])
    let unsettled = rows.filter {
      $0.bool(6) != (accounts[names[$0.int(0) - 1].connection]?.isPooled ?? false)
    }
    if !unsettled.isEmpty {
      try Pools.settle(unsettled.map { $0.int(2) }, on: connection)
      rows = try connection.query(Self.selectPlaces, [ids, externals, marketplaces])
    }
    for row in rows {
      let name = names[row.int(0) - 1]
      let place = Place(
        listing: row.int(1), stock: row.int(2), variation: row.int(3),
        marketplace: accounts[name.connection]?.marketplace ?? 0, sku: row.text(4),
        platform: name.platform, pool: row.optionalInt(5))
      places[name] = place
      byListing[place.listing] = place
    }
  }

  private static let insertVariations = """
    INSERT INTO variations (user_id, sku)
    SELECT DISTINCT user_id, sku FROM unnest($1::text[], $2::text[]) AS n(user_id, sku) ORDER BY user_id, sku
    ON CONFLICT DO NOTHING
    """

  private static let insertListings = """
    INSERT INTO listings (connection_id, external_id, variation_id, sku)
    SELECT DISTINCT ON (n.connection_id, n.external_id) n.connection_id, n.external_id, v.id, n.sku
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS n(connection_id, external_id, user_id, sku)
      JOIN variations v ON v.user_id = n.user_id AND v.sku = n.sku
     ORDER BY n.connection_id, n.external_id
    ON CONFLICT DO NOTHING
    """

  private static let nameVariations = """
    UPDATE listings l SET variation_id = v.id
      FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS n(connection_id, external_id, user_id, sku)
      JOIN variations v ON v.user_id = n.user_id AND v.sku = n.sku
     WHERE l.connection_id = n.connection_id AND l.external_id = n.external_id AND l.variation_id IS NULL
    """

  private static let insertStock = """
    INSERT INTO marketplace_stock (variation_id, marketplace_id)
    SELECT DISTINCT l.variation_id, n.marketplace_id
      FROM unnest($1::uuid[], $2::text[], $3::bigint[]) AS n(connection_id, external_id, marketplace_id)
      JOIN listings l ON l.connection_id = n.connection_id AND l.external_id = n.external_id
     ORDER BY 1, 2
    ON CONFLICT DO NOTHING
    """

  private static let selectPlaces = """
    SELECT n.ordinal, l.id, s.id, l.variation_id, v.sku, s.pool_id, coalesce(p.is_shared, false)
      FROM unnest($1::uuid[], $2::text[], $3::bigint[])
             WITH ORDINALITY AS n(connection_id, external_id, marketplace_id, ordinal)
      JOIN listings l ON l.connection_id = n.connection_id AND l.external_id = n.external_id
      JOIN marketplace_stock s ON s.variation_id = l.variation_id AND s.marketplace_id = n.marketplace_id
      JOIN variations v ON v.id = l.variation_id
      LEFT JOIN stock_pools p ON p.id = s.pool_id
    """
}

extension ListingName {
  fileprivate var order: String { "\(connection)\u{1}\(external)" }
}
