import API
import Desk
import EventStatus
import Events
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Intake
import JSON
import Live
import Marketplaces
import NIOCore
import Polling
import Postgres
import TestServers
import Testing
import Time
import Topology

/// The API over a database of its own, asked without a socket, with a seller's account in it.
struct Office: Sendable {
  static let secret = "a secret that only the tests know"
  static let account = "6f1c0000-0000-4000-8000-000000000001"
  let database: Database
  let gateway: Gateway

  struct Answer: Sendable {
    var status: Int
    var headers: HTTPFields
    var body: String
    var json: JSON { (try? JSON.parse(body)) ?? .null }
  }

  static func with(_ body: @escaping @Sendable (Office) async throws -> Void) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 4) { database in
        let office = Office(database: database, gateway: try await gateway(database, test.url))
        try await office.open()
        try await body(office)
      }
    }
  }

  private static func gateway(_ database: Database, _ url: String) async throws -> Gateway {
    let topology = Topology(namespace: TestServers.uniqueName("api"))
    let bindings = EventType.allCases.map { type in
      (type: type.rawValue, queues: topology.queues(forEvent: type.routingKey(platform: "any")))
    }
    let api = API(
      database: database, adapters: Adapters([.allegro: { _ in QuietMarket() }]),
      status: EventStatus(bindings: bindings),
      polling: PollSettings(schedules: [.orders: .every(.seconds(600))], batchSize: 50, maxPages: 10),
      areOrderWebhooksEnabled: false, messagingMaxAge: .seconds(86_400), baseURL: "https://crossdock.example",
      queues: { [] },
      desk: DeadLetterDesk(brokers: [], topology: topology, database: url))
    let key = try #require(SecretKey(base64: String(repeating: "A", count: 43) + "="))
    let webhooks = WebhookRoutes(
      store: ConnectionStore(database: database, keys: SecretKeys(current: key)), database: database,
      configuration: .init(
        readers: [:], rules: IntakeRules(areOrdersTaken: false, maxAge: .seconds(3_600)), filter: .standard,
        baseURL: "https://crossdock.example", ratePerMinute: 100),
      logger: TestServers.silence)
    return Gateway(
      port: 0, metrics: .init(), ready: [],
      routes: [
        api, webhooks, WebhookTestRoutes(webhooks),
        StreamRoutes(NewsFeed(url: url, database: database, logger: TestServers.silence)),
      ],
      authenticator: try await Authenticator(secret: secret), logger: TestServers.silence)
  }

  /// One account of the user `owner` with an order, its conversation, stock, and an event.
  private func open() async throws {
    try await run(
      """
      INSERT INTO platform_connections (id, user_id, platform, marketplace_id, name, base_url)
      VALUES ('\(Self.account)', 'owner', 'allegro', 7, 'hidden-shop', 'http://localhost')
      """)
    try await addOrder("820982911946154508", number: "hidden-1001")
    try await run(
      """
      INSERT INTO order_conversations (connection_id, external_order_id, is_opened, number)
      VALUES ('\(Self.account)', '820982911946154508', true, 'hidden-1001')
      """)
    try await run("INSERT INTO variations (user_id, sku) VALUES ('owner', 'hidden-sku')")
    try await run("INSERT INTO marketplace_stock (variation_id, marketplace_id, on_hand) VALUES (1, 7, 3)")
    try await run(
      """
      INSERT INTO webhook_events (connection_id, event_id, event_type, source, message_id, payload, occurred_at)
      VALUES ('\(Self.account)', 'hidden-event', 'order.created', 'poll', 'm', '{}', now())
      """)
    try await run(
      """
      INSERT INTO poll_runs (connection_id, feed, job_id, reason, started_at, finished_at)
      VALUES ('\(Self.account)', 'orders', 'j', 'manual', now(), now())
      """)
    try await run(
      "INSERT INTO activity_log (connection_id, user_id, kind) VALUES ('\(Self.account)', 'owner', 'hidden-act')"
    )
  }

  func addOrder(_ external: String, number: String = "n", account: String = Self.account) async throws {
    try await run(
      """
      INSERT INTO orders (connection_id, marketplace_id, external_id, number, status, closed, source_updated_at,
        observed_at, digest, currency, total)
      VALUES ('\(account)', 7, '\(external)', '\(number)', 'new', false, '2026-01-01T12:00:00Z', now(), 1, 'PLN',
        12.50)
      """)
  }

  func run(_ sql: String) async throws {
    try await database.withConnection { _ = try $0.query(sql) }
  }

  func text(_ sql: String) async throws -> String? {
    try await database.withConnection { try $0.query(sql).first?.optionalText(0) }
  }

  func count(_ sql: String) async throws -> Int {
    try await database.withConnection { try $0.query(sql).first?.int(0) ?? -1 }
  }

  func ask(
    _ method: HTTPRequest.Method, _ path: String, as subject: String = "owner",
    _ role: Caller.Role = .seller, body: String? = nil, headers: HTTPFields = [:]
  ) async throws -> Answer {
    let token = try await Authenticator(secret: Self.secret)
      .token(for: .init(subject: subject, role: role), validFor: 60)
    var headers = headers
    headers[.authorization] = "Bearer \(token)"
    let asked = headers
    return try await Application(responder: gateway.responder).test(.router) { client in
      try await client.execute(
        uri: path, method: method, headers: asked, body: body.map { ByteBuffer(string: $0) }
      ) { Answer(status: $0.status.code, headers: $0.headers, body: String(buffer: $0.body)) }
    }
  }
}

/// A marketplace that has orders to be polled, and nothing to say.
private struct QuietMarket: MarketplaceAdapter {
  let features = Features(feeds: [.orders, .orderEvents, .listings])

  func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    throw .unsupported("nothing")
  }
  func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? { nil }
  func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten { throw .unsupported("nothing") }
  func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    throw .notFound("listing")
  }
  func check() async throws(MarketplaceError) {}
}
