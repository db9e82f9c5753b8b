import Events
import JSON
import Lane
import Marketplaces
import NIOConcurrencyHelpers
import Outbox
import Polling
import Postgres
import TestServers
import Testing
import Time

import struct Foundation.UUID

/// A marketplace in memory: a journal of order events, a list of orders, and listings.
final class Journal: MarketplaceAdapter {
  struct State {
    var events: [String] = []
    var listings: [Listing] = []
    /// What the next pages fail with.
    var failures: [MarketplaceError] = []
    var requests: [FeedRequest] = []
    /// Runs before a page is answered.
    var interruption: (@Sendable (FeedRequest) async -> Void)?
    /// The listings that were read by their ids, in their order.
    var readings: [String] = []
    /// Runs before a listing is answered; what it throws is the answer.
    var beforeReading: (@Sendable (String) async throws(MarketplaceError) -> Void)?
    /// The quantity that events say, which may change between two readings.
    var quantity = 1
  }

  let state: NIOLockedValueBox<State>
  let connection = NIOLockedValueBox<MarketplaceConnection?>(nil)
  static let observedAt = Timestamp("2026-01-01T12:00:00Z") ?? .epoch

  init(events: Int = 0, listings: Int = 0) {
    var state = State()
    state.events = (0..<events).map { "e-\($0 + 1)" }
    state.listings = (0..<listings).map { Listing(externalId: "l-\($0)", sku: "SKU-\($0 / 2)", quantity: $0) }
    self.state = NIOLockedValueBox(state)
  }

  let features = Features(feeds: [.orderEvents, .orders, .listings], stockWrite: .absolute)

  var requests: [FeedRequest] { state.withLockedValue { $0.requests } }

  func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let (failure, interruption) = state.withLockedValue { state in
      state.requests.append(request)
      return (state.failures.isEmpty ? nil : state.failures.removeFirst(), state.interruption)
    }
    if let interruption { await interruption(request) }
    if let failure { throw failure }
    let state = state.withLockedValue { $0 }
    switch request.feed {
    case .orderEvents: return eventPage(request, state)
    case .listings: return listingPage(request, state)
    case .orders:
      return FeedPage(items: [], nextCursor: nil, isLast: true, observedAt: Self.observedAt, calls: 1)
    case .offerEvents, .disputes: throw .unsupported("the journal has no \(request.feed.rawValue)")
    }
  }

  private func eventPage(_ request: FeedRequest, _ state: State) -> FeedPage {
    let start = request.cursor.flatMap { state.events.firstIndex(of: $0) }.map { $0 + 1 } ?? 0
    let ids = state.events.dropFirst(start).prefix(request.limit)
    let items = ids.compactMap { item($0, quantity: state.quantity) }
    return FeedPage(
      items: items, nextCursor: ids.last ?? request.cursor, isLast: ids.count < request.limit,
      observedAt: Self.observedAt, calls: 1)
  }

  private func item(_ id: String, quantity: Int) -> FeedItem? {
    guard let connection = connection.withLockedValue({ $0 }) else { return nil }
    let order = Order(externalId: "o-" + id, lines: [OrderLine(externalId: "line", quantity: quantity)])
    let raw = RawEvent(
      id: id, type: "BOUGHT", occurredAt: Self.observedAt,
      payload: ["id": .string(id), "odd": .number("1e99999"), "nul": "a\u{FFFD}"])
    let event = connection.event(
      id: connection.messageId(id), type: .orderCreated, time: Self.observedAt, change: "created",
      observedAt: Self.observedAt, .order(order))
    return FeedItem(raw: raw, meaning: .event(event))
  }

  private func listingPage(_ request: FeedRequest, _ state: State) -> FeedPage {
    let start = request.cursor.flatMap { Int($0) } ?? 0
    let listings = Array(state.listings.dropFirst(start).prefix(request.limit))
    let isLast = listings.count < request.limit
    let items = listings.compactMap { listing in
      connection.withLockedValue { $0 }?.snapshot(of: listing, payload: [:], at: Self.observedAt)
    }
    return FeedPage(
      items: items, listings: listings, nextCursor: isLast ? nil : String(start + listings.count),
      isLast: isLast,
      observedAt: Self.observedAt, calls: 1)
  }

  func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? {
    state.withLockedValue { $0.events.last }
  }

  func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten {
    StockWritten(quantity: quantity, at: Self.observedAt)
  }

  func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    let before = state.withLockedValue { state in
      state.readings.append(externalId)
      return state.beforeReading
    }
    try await before?(externalId)
    guard let listing = state.withLockedValue({ $0.listings.first { $0.externalId == externalId } }) else {
      throw .notFound("listing")
    }
    return ListingRead(listing: listing, at: Self.observedAt, payload: [:])
  }

  func check() async throws(MarketplaceError) {}
}

/// A database with one connection to a journal.
struct Shop: Sendable {
  let database: Database
  let store: ConnectionStore
  let account: MarketplaceConnection
  let journal: Journal
  let test: TestDatabase

  static func with(
    _ journal: Journal = Journal(), start: FeedStart = .oldest,
    _ body: @escaping @Sendable (Shop) async throws -> Void
  ) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 4) { database in
        let key = try #require(SecretKey(base64: String(repeating: "A", count: 43) + "="))
        let store = ConnectionStore(database: database, keys: SecretKeys(current: key))
        let account = try await store.add(
          ConnectionDraft(
            userId: "u", platform: .allegro, name: "shop", baseURL: "http://x", start: start,
            secrets: Secrets()))
        journal.connection.withLockedValue { $0 = account }
        try await body(Shop(database: database, store: store, account: account, journal: journal, test: test))
      }
    }
  }

  static let settings = PollSettings(
    schedules: [.orderEvents: .every(.seconds(60)), .orders: .every(.seconds(60))], batchSize: 100,
    maxPages: 3,
    lease: .seconds(30))

  func worker(lease: Duration = Self.settings.lease) -> PollWorker {
    let journal = self.journal
    return PollWorker(
      database: database, connections: store, adapters: Adapters([.allegro: { _ in journal }]),
      logger: TestServers.silence,
      settings: {
        var settings = Self.settings
        settings.lease = lease
        return settings
      })
  }

  func job(
    _ feed: Feed, _ reason: PollJob.Reason = .schedule, slot: String = "1",
    expiresIn: Duration = .seconds(600)
  ) -> PollJob {
    PollJob(
      jobId: "\(feed.rawValue)@\(slot)", connectionId: account.id, feed: feed, expiresAt: .now() + expiresIn,
      reason: reason)
  }

  func handle(_ job: PollJob) async -> Disposition {
    await worker().handle(Job(messageId: job.messageId, body: job.encode()))
  }

  /// What waits in the outbox, in the order of its appending.
  func published() async throws -> [OutboundMessage] {
    let packets = try await database.withConnection { connection in
      try connection.query("SELECT messages FROM outbox ORDER BY id").map { $0.bytes(0) }
    }
    return try packets.flatMap { try Packet.messages(in: $0) }
  }

  func publishedEvents() async throws -> [String] {
    try await published().filter { if case .event = $0.route { true } else { false } }.map(\.messageId)
  }

  func publishedJobs() async throws -> [PollJob] {
    try await published().filter { $0.type == "poll" }.map { try PollJob.decode($0.body) }
  }

  func text(_ sql: String, _ parameters: [any Bindable & Sendable] = []) async throws -> String? {
    try await database.withConnection { try $0.query(sql, parameters).first?.optionalText(0) }
  }

  func run(_ sql: String, _ parameters: [any Bindable & Sendable] = []) async throws {
    try await database.withConnection { _ = try $0.query(sql, parameters) }
  }

  /// Waits for what comes by itself: a condition that becomes true.
  func until(_ condition: String) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try await text("SELECT (\(condition))::text") != "true" {
      guard .now < deadline else { throw TooLate(what: condition) }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  struct TooLate: Error {
    let what: String
  }

  func count(_ sql: String) async throws -> Int {
    try await database.withConnection { try $0.query(sql).first?.int(0) ?? -1 }
  }

  func feed(_ column: String, _ feed: Feed) async throws -> String? {
    try await text("SELECT \(column)::text FROM feeds WHERE feed = $1", [feed.rawValue])
  }
}
