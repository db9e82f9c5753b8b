import Events
import JSON
import Lane
import Marketplaces
import NIOConcurrencyHelpers
import Outbox
import Postgres
import Propagation
import Push
import Reconciliation
import StockLedger
import TestServers
import Testing
import Time

/// A marketplace in memory with a clock of whole seconds, as the `Date` of real ones.
final class Shelf: MarketplaceAdapter {
  struct State {
    var quantities: [String: Int] = ["offer": 10]
    var writes: [Int] = []
    /// What the next writes fail with; after a failure of the network they have been taken all the same.
    var failures: [MarketplaceError] = []
    /// Runs while a write is under way.
    var interruption: (@Sendable () async -> Void)?
    var keys: [String] = []
    var letters: [String] = []
    /// Listings by what they say, and how often one was written.
    var products: [String: ProductDraft] = [:]
    var productWrites = 0
    /// What each attempt was told of an earlier one.
    var attempts: [Timestamp?] = []
  }

  let state = NIOLockedValueBox(State())
  let features: Features
  let pageSize: Int

  init(stockWrite: Features.StockWrite = .absolute, pageSize: Int = 200) {
    features = Features(feeds: [.listings], stockWrite: stockWrite, messages: true, writesProducts: true)
    self.pageSize = pageSize
  }

  private var date: Timestamp { Timestamp(secondsSince1970: Timestamp.now().secondsSince1970) }
  var writes: [Int] { state.withLockedValue { $0.writes } }

  func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten {
    if let interruption = state.withLockedValue({ $0.interruption }) { await interruption() }
    let failure = state.withLockedValue { state -> MarketplaceError? in
      let failure = state.failures.isEmpty ? nil : state.failures.removeFirst()
      if failure == nil || failure?.errorClass == .network {
        state.quantities[listingId] = quantity
        state.writes.append(quantity)
        state.keys.append(idempotencyKey)
      }
      return failure
    }
    if let failure { throw failure }
    return StockWritten(quantity: quantity, at: date)
  }

  func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    guard let quantity = state.withLockedValue({ $0.quantities[externalId] }) else {
      throw .notFound("offer")
    }
    return ListingRead(
      listing: Listing(externalId: externalId, sku: "SKU", quantity: quantity), at: date, payload: [:])
  }

  func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    if let failure = state.withLockedValue({ $0.failures.isEmpty ? nil : $0.failures.removeFirst() }) {
      throw failure
    }
    let all = state.withLockedValue { $0.quantities }.sorted { $0.key < $1.key }
    let start = request.cursor.flatMap { Int($0) } ?? 0
    let some = all.dropFirst(start).prefix(pageSize)
    let end = start + some.count
    return FeedPage(
      items: [],
      listings: some.map {
        Listing(externalId: $0.key, sku: $0.key == "offer" ? "SKU" : $0.key, quantity: $0.value)
      },
      nextCursor: end < all.count ? String(end) : nil, isLast: end >= all.count, observedAt: date, calls: 1)
  }

  func send(_ message: BuyerMessage) async throws(MarketplaceError) {
    state.withLockedValue { $0.attempts.append(message.triedAt) }
    if let failure = state.withLockedValue({ $0.failures.isEmpty ? nil : $0.failures.removeFirst() }) {
      throw failure
    }
    state.withLockedValue { $0.letters.append("\(message.orderId): \(message.text)") }
  }

  private func write(_ change: @Sendable (inout State) -> Void) throws(MarketplaceError) {
    let failure = state.withLockedValue { state -> MarketplaceError? in
      if !state.failures.isEmpty { return state.failures.removeFirst() }
      change(&state)
      state.productWrites += 1
      return nil
    }
    if let failure { throw failure }
  }

  func create(_ product: ProductDraft) async throws(MarketplaceError) -> String {
    try write { $0.products["new-" + product.sku] = product }
    return "new-" + product.sku
  }

  func update(listing listingId: String, to product: ProductDraft) async throws(MarketplaceError) {
    try write { $0.products[listingId] = product }
  }

  func delete(listing listingId: String) async throws(MarketplaceError) {
    try write { $0.products[listingId] = nil }
  }

  func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? { nil }
  func check() async throws(MarketplaceError) {}
}

/// A seller with two marketplaces that share their stock, each with one offer of the same SKU; the queues between the
/// workers are worked off by hand.
final class Seller: Sendable {
  let database: Database
  let store: ConnectionStore
  let accounts: [MarketplaceConnection]
  let shelves: [Shelf]
  /// What was taken from the outbox and waits to be done.
  private let waiting = NIOLockedValueBox((last: 0, messages: [OutboundMessage]()))

  init(
    database: Database, store: ConnectionStore, accounts: [MarketplaceConnection], shelves: [Shelf]
  ) {
    self.database = database
    self.store = store
    self.accounts = accounts
    self.shelves = shelves
  }

  static func with(
    _ shelves: [Shelf] = [Shelf(), Shelf()], rules: JSON = ["propagateInventory": true],
    mode: MarketplaceConnection.Mode = .live, _ body: @escaping @Sendable (Seller) async throws -> Void
  ) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 4) { database in
        let key = try #require(SecretKey(base64: String(repeating: "A", count: 43) + "="))
        let store = ConnectionStore(database: database, keys: SecretKeys(current: key))
        var accounts: [MarketplaceConnection] = []
        for number in shelves.indices {
          let account = try await store.add(
            ConnectionDraft(
              userId: "seller", platform: .allegro, name: "shop \(number)", baseURL: "http://x",
              mode: number == 0 ? .live : mode, secrets: Secrets()))
          #expect(try await store.setRules(rules, of: account.id))
          accounts.append(try #require(try await store.find(account.id)))
        }
        try await body(Seller(database: database, store: store, accounts: accounts, shelves: shelves))
      }
    }
  }

  // MARK: What happens

  private func event(_ id: String, _ type: EventType, at shop: Int, _ time: Timestamp, _ data: Event.Payload)
    -> Event
  {
    let account = accounts[shop]
    return account.event(
      id: account.messageId(id), type: type, time: time, change: nil, observedAt: time, data)
  }

  func snapshot(
    _ quantity: Int, of listing: String = "offer", sku: String? = "SKU", at shop: Int, secondsAgo: Int64
  ) -> Event {
    let time = Timestamp.now().adding(seconds: -secondsAgo)
    return event(
      "snapshot-\(listing)-\(shop)-\(secondsAgo)", .inventoryUpdated, at: shop, time,
      .inventory(Inventory(listingId: listing, sku: sku, quantity: quantity, asOf: time)))
  }

  func sale(_ quantity: Int, at shop: Int, secondsAgo: Int64) -> Event {
    let time = Timestamp.now().adding(seconds: -secondsAgo)
    var order = Order(externalId: "order-\(shop)-\(secondsAgo)", status: .new, updatedAt: time)
    order.placedAt = time
    order.lines = [
      OrderLine(externalId: "line-\(shop)-\(secondsAgo)", listingId: "offer", sku: "SKU", quantity: quantity)
    ]
    return event("sale-\(shop)-\(secondsAgo)", .orderCreated, at: shop, time, .order(order))
  }

  func topup(_ quantity: Int, at shop: Int, secondsAgo: Int64) -> Event {
    event(
      "topup-\(shop)-\(secondsAgo)", .stockTopup, at: shop, .now().adding(seconds: -secondsAgo),
      .topup(Topup(sku: "SKU", quantity: quantity)))
  }

  /// A shop says what its product P is, with one variant of that SKU.
  func product(
    _ type: EventType = .productUpdated, title: String, sku: String = "P-1", price: String = "10",
    tags: [String]? = nil, at shop: Int, secondsAgo: Int64
  ) -> Event {
    let time = Timestamp.now().adding(seconds: -secondsAgo)
    let variant = Product.Variant(externalId: "v", sku: sku, price: Money(price))
    return event(
      "product-\(shop)-\(secondsAgo)", type, at: shop, time,
      .product(
        Product(
          externalId: "p", title: title, description: "<p>\(title)</p>", status: "active", updatedAt: time,
          tags: tags,
          variants: type == .productDeleted ? nil : [variant])))
  }

  /// Messages of these kinds, numbered from 1, that wait to be delivered to the buyer of the first shop's order o-1.
  func owe(_ kinds: String...) async throws {
    try await run(
      """
      WITH opened AS (
        INSERT INTO order_conversations (connection_id, external_order_id, is_opened)
        VALUES ('\(accounts[0].id)', 'o-1', true) RETURNING id)
      INSERT INTO order_messages (conversation_id, kind, body, delivery_status)
      SELECT opened.id, k.kind, 'hello', 'pending'
        FROM opened, unnest(string_to_array('\(kinds.joined(separator: ","))', ',')) AS k(kind)
      """)
  }

  /// The job that delivers a message.
  static func delivery(of message: Int) -> Job {
    Job(
      messageId: "message:\(message)", body: Array(#"{"kind":"message","messageId":\#(message)}"#.utf8))
  }

  // MARK: Who works

  /// Books events, and passes on what the ledger says of it.
  func book(_ events: [Event]) async throws {
    try await database.withConnection { connection in
      var ledger = StockLedger(lowThreshold: 2, logger: TestServers.silence)
      _ = try LaneTransaction.run(&ledger, events, on: connection)
    }
    try await propagateAll()
  }

  /// Passes on what the ledger has said.
  func propagateAll() async throws {
    let events = try await take { $0.type == EventType.stockChanged.rawValue }
    try await propagate(events.compactMap { try? Event.decode($0.body) })
  }

  func propagate(_ events: [Event]) async throws {
    guard !events.isEmpty else { return }
    try await database.withConnection { connection in
      var propagation = Propagation(logger: TestServers.silence)
      _ = try LaneTransaction.run(&propagation, events, on: connection)
    }
  }

  var pushWorker: PushWorker {
    PushWorker(
      database: database, connections: store, adapters: adapters, maxAttempts: 3, lowThreshold: 2,
      logger: TestServers.silence)
  }

  var reconciliation: Reconciliation {
    Reconciliation(
      database: database, connections: store, adapters: adapters, lowThreshold: 2, maxAttempts: 3,
      logger: TestServers.silence)
  }

  private var adapters: Adapters {
    let shelves = Dictionary(zip(accounts.map(\.id), shelves), uniquingKeysWith: { $1 })
    return Adapters([.allegro: { account in shelves[account.id] ?? Shelf() }])
  }

  func push(_ job: OutboundMessage, attempts: Int = 0) async -> Disposition {
    await pushWorker.handle(Job(messageId: job.messageId, body: job.body, attempts: attempts))
  }

  /// Does every push job that was published; answers how many.
  func pushAll() async throws -> Int {
    var done = 0
    while true {
      let jobs = try await jobs(of: "push")
      if jobs.isEmpty { return done }
      for job in jobs {
        #expect(await push(job) == .ack)
        done += 1
      }
    }
  }

  func jobs(of queue: String) async throws -> [OutboundMessage] {
    try await take { $0.route == .job(queue: queue) }
  }

  /// Takes what was published and not taken before.
  private func take(_ isWanted: (OutboundMessage) -> Bool) async throws -> [OutboundMessage] {
    let seen = waiting.withLockedValue { $0.last }
    let packets = try await database.withConnection { connection in
      try connection.query("SELECT id, messages FROM outbox WHERE id > $1 ORDER BY id", [seen])
        .map { (id: $0.int(0), bytes: $0.bytes(1)) }
    }
    let messages = try packets.flatMap { try Packet.messages(in: $0.bytes) }
    return waiting.withLockedValue { waiting in
      if let last = packets.last?.id, waiting.last == seen {
        waiting.last = last
        waiting.messages += messages
      }
      let wanted = waiting.messages.filter(isWanted)
      waiting.messages.removeAll(where: isWanted)
      return wanted
    }
  }

  // MARK: How it stands

  func onHand() async throws -> [Int] {
    try await database.withConnection { connection in
      try connection.query("SELECT on_hand FROM marketplace_stock ORDER BY marketplace_id").map { $0.int(0) }
    }
  }

  /// The listings that show another quantity than the ledger has for them.
  func outOfStep() async throws -> [String] {
    let rows = try await database.withConnection { connection in
      try connection.query(
        """
        SELECT l.connection_id, l.external_id, s.listed_stock
          FROM listings l JOIN platform_connections c ON c.id = l.connection_id
          JOIN marketplace_stock s ON s.variation_id = l.variation_id AND s.marketplace_id = c.marketplace_id
         ORDER BY l.id
        """
      ).map { (account: $0.uuid(0), listing: $0.text(1), quantity: $0.int(2)) }
    }
    return rows.compactMap { row in
      guard let shop = accounts.firstIndex(where: { $0.id == row.account }) else { return nil }
      let shown = shelves[shop].state.withLockedValue { $0.quantities[row.listing] }
      return shown == row.quantity
        ? nil : "\(row.listing) at \(shop) shows \(shown ?? -1) of \(row.quantity)"
    }
  }

  func text(_ sql: String) async throws -> String? {
    try await database.withConnection { try $0.query(sql).first?.optionalText(0) }
  }

  func run(_ sql: String) async throws {
    try await database.withConnection { _ = try $0.query(sql) }
  }
}
