import BackMarket
import Events
import JSON
import Lane
import Marketplaces
import Outbox
import Polling
import Postgres
import Reconciliation
import StockLedger
import TestServers
import TestShops
import Testing
import Time

/// A seller's shop on the simulated Back Market with the workers that poll, book and reconcile; the queues between them
/// are worked off by hand.
struct Counter: Sendable {
  let database: Database
  let store: ConnectionStore
  let account: MarketplaceConnection
  let shop: ShopTransport
  let adapter: BackMarketAdapter

  /// `age`: for how long the shop has been open when the test begins; its clock goes on from there by `wait` alone.
  static func with(
    listings: Int = 200, ordersPerSecond: Double = 4, age: Duration = .seconds(3_600),
    _ body: @escaping @Sendable (Counter) async throws -> Void
  ) async throws {
    let shop = try #require(
      ShopTransport(
        "backmarket", ordersPerSecond: ordersPerSecond, listings: listings, start: .now() - age))
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 4) { database in
        let key = try #require(SecretKey(base64: String(repeating: "A", count: 43) + "="))
        let store = ConnectionStore(database: database, keys: SecretKeys(current: key))
        let account = try await store.add(
          ConnectionDraft(
            userId: "seller", platform: .backmarket, name: "shop", baseURL: "http://x", start: .oldest,
            secrets: Secrets()))
        let token = "Basic " + (shop.credentials["token"].text ?? "")
        let adapter = BackMarketAdapter(
          connection: account,
          client: MarketplaceClient(
            transport: shop,
            authorisation: FixedAuthorisation(.init(name: "authorization", value: token))))
        try await body(
          Counter(database: database, store: store, account: account, shop: shop, adapter: adapter))
      }
    }
  }

  private var adapters: Adapters {
    let adapter = adapter
    return Adapters([.backmarket: { _ in adapter }])
  }

  /// Polls a feed as a job of the queue does, with a lookback over all of the shop's life.
  func poll(_ feed: Feed, number: Int = 0) async throws {
    let job = PollJob(
      jobId: "\(feed.rawValue)@\(number)", connectionId: account.id, feed: feed,
      expiresAt: .now() + .seconds(60), reason: .schedule)
    try await poll(job.message(at: .now()))
  }

  private func poll(_ message: OutboundMessage) async throws {
    let worker = PollWorker(
      database: database, connections: store, adapters: adapters, logger: TestServers.silence
    ) {
      PollSettings(schedules: [:], lookback: .seconds(7_200), maxPages: 100)
    }
    #expect(await worker.handle(Job(messageId: message.messageId, body: message.body)) == .ack)
  }

  /// Reconciles as a job of the queue does.
  func reconcile() async throws {
    let id = account.id
    let ordered = try await database.transaction {
      try Reconciliations.order(id, reason: .manual, on: $0)
    }
    let number = try #require(ordered)
    let worker = Reconciliation(
      database: database, connections: store, adapters: adapters, lowThreshold: 2, maxAttempts: 3,
      logger: TestServers.silence)
    let job = Job(messageId: "reconcile:\(number)", body: Array(#"{"reconciliationId":\#(number)}"#.utf8))
    #expect(await worker.handle(job) == .ack)
  }

  /// Does what was published since that packet of the outbox: books the events, and reads again the listings that the
  /// ledger wants to be read again. Answers the last packet.
  func work(after last: Int = 0) async throws -> Int {
    let packets = try await database.withConnection { connection in
      try connection.query("SELECT id, messages FROM outbox WHERE id > $1 ORDER BY id", [last])
        .map { (id: $0.int(0), bytes: $0.bytes(1)) }
    }
    guard let newest = packets.last?.id else { return last }
    let messages = try packets.flatMap { try Packet.messages(in: $0.bytes) }
    try await book(messages.compactMap { try? Event.decode($0.body) })
    for message in messages where message.route == .job(queue: "poll") { try await poll(message) }
    return try await work(after: newest)
  }

  private func book(_ events: [Event]) async throws {
    let events = events.filter { $0.type != .stockChanged && $0.type != .stockLow }
    try await database.withConnection { connection in
      var ledger = StockLedger(lowThreshold: 2, logger: TestServers.silence)
      for start in stride(from: 0, to: events.count, by: 64) {
        let batch = Array(events[start..<min(start + 64, events.count)])
        _ = try LaneTransaction.run(&ledger, batch, on: connection)
      }
    }
  }

  /// What the ledger has of each SKU.
  func onHand() async throws -> [String: Int] {
    try await database.withConnection { connection in
      try connection.query(
        "SELECT v.sku, s.on_hand FROM marketplace_stock s JOIN variations v ON v.id = s.variation_id"
      ).reduce(into: [:]) { $0[$1.text(0)] = $1.int(1) }
    }
  }

  func text(_ sql: String) async throws -> String? {
    try await database.withConnection { try $0.query(sql).first?.optionalText(0) }
  }
}
