import Allegro
import Conversations
import Crypto
import Events
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Intake
import JSON
import Lane
import Logging
import Marketplaces
import Messaging
import NIOConcurrencyHelpers
import NIOCore
import OrderSync
import Outbox
import Polling
import Postgres
import Propagation
import Shopify
import StockLedger
import TestServers
import Testing
import Time
import Topology

/// An Allegro that answers as the test says, and keeps what it was asked.
final class Script: MarketplaceTransport {
  struct Answer: Sendable {
    var status = 200
    var body: [UInt8]

    init(_ json: JSON) { body = json.bytes }

    init(_ status: Int, _ text: String) { (self.status, body) = (status, Array(text.utf8)) }
  }

  private struct State {
    var answers: [String: @Sendable (MarketplaceCall) -> Answer] = [:]
    var calls: [MarketplaceCall] = []
  }

  private let state = NIOLockedValueBox(State())

  var calls: [MarketplaceCall] { state.withLockedValue { $0.calls } }

  /// What a path is answered with from now on; a path that was never named is 404.
  func answer(_ path: String, _ make: @escaping @Sendable (MarketplaceCall) -> Answer) {
    state.withLockedValue { $0.answers[path] = make }
  }

  func answer(_ path: String, _ json: JSON) { answer(path) { _ in Answer(json) } }

  func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
    let make = state.withLockedValue { state in
      state.calls.append(call)
      return state.answers[call.path]
    }
    guard let answer = make?(call) else { return MarketplaceAnswer(status: 404) }
    return MarketplaceAnswer(
      status: answer.status, headers: ["date": "Thu, 01 Jan 2026 12:00:10 GMT"], body: answer.body)
  }
}

/// The way from what marketplaces say to the tables: an Allegro that is polled and a Shopify that sends webhooks, the
/// workers, and between them the queues, which are worked off by hand.
struct Way: Sendable {
  static let secret = "hush"
  let database: Database
  let allegro: MarketplaceConnection
  let shopify: MarketplaceConnection
  let script: Script
  private let store: ConnectionStore
  private let gate: any TestClientProtocol
  private let done = NIOLockedValueBox(0)

  static func with(_ body: @escaping @Sendable (Way) async throws -> Void) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 3) { database in
        let key = try #require(SecretKey(base64: Data(repeating: 7, count: 32).base64EncodedString()))
        let store = ConnectionStore(database: database, keys: SecretKeys(current: key))
        func connection(_ platform: Platform, _ secrets: Secrets) async throws -> MarketplaceConnection {
          try await store.add(
            ConnectionDraft(
              userId: "seller", platform: platform, name: platform.rawValue, baseURL: "http://x",
              start: .oldest,
              secrets: secrets))
        }
        let allegro = try await connection(.allegro, Secrets())
        let shopify = try await connection(.shopify, Secrets(["webhookSecret": .string(secret)]))
        let routes = WebhookRoutes(
          store: store, database: database,
          configuration: .init(
            readers: [.shopify: ShopifyWebhookReader()],
            rules: IntakeRules(areOrdersTaken: true, maxAge: .seconds(20 * 365 * 86_400)), filter: .standard,
            baseURL: "https://gate.example", ratePerMinute: 1_000),
          logger: TestServers.silence)
        let gateway = Gateway(
          host: "127.0.0.1", port: 0, metrics: .init(), ready: [], routes: [routes],
          logger: TestServers.silence)
        try await gateway.application.test(.router) { client in
          try await body(
            Way(
              database: database, allegro: allegro, shopify: shopify, script: Script(), store: store,
              gate: client))
        }
      }
    }
  }

  // MARK: What comes

  /// Polls Allegro as a job of the queue does.
  @discardableResult
  func poll(_ feed: Feed, batchSize: Int? = nil) async throws -> Disposition {
    let adapter = AllegroAdapter(
      connection: allegro,
      client: MarketplaceClient(
        transport: script,
        gate: SharedGate(
          database: database, connectionId: allegro.id, allowance: AllegroAdapter.allowance,
          logger: TestServers.silence),
        authorisation: FixedAuthorisation(.init(name: "authorization", value: "Bearer t"))))
    let worker = PollWorker(
      database: database, connections: store, adapters: Adapters([.allegro: { _ in adapter }]),
      logger: TestServers.silence
    ) {
      PollSettings(schedules: [:], maxPages: 20)
    }
    let job = PollJob(
      jobId: "\(feed.rawValue)@\(UUID().uuidString)", connectionId: allegro.id, feed: feed,
      expiresAt: .now() + .seconds(60), reason: .schedule, batchSize: batchSize)
    return await worker.handle(Job(messageId: job.messageId, body: job.encode()))
  }

  /// Sends a webhook of Shopify, signed over its bytes or over others, and answers the status.
  @discardableResult
  func webhook(_ topic: String, _ body: String, id: String = UUID().uuidString, signed: String? = nil)
    async throws
    -> Int
  {
    let code = HMAC<SHA256>.authenticationCode(
      for: Data((signed ?? body).utf8), using: SymmetricKey(data: Data(Self.secret.utf8)))
    var headers = HTTPFields()
    for (name, value) in [
      ("X-Shopify-Topic", topic), ("X-Shopify-Hmac-Sha256", Data(code).base64EncodedString()),
      ("X-Shopify-Event-Id", id), ("X-Shopify-Triggered-At", "2026-01-01T12:00:09Z"),
    ] {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    return try await gate.execute(
      uri: "/webhook/shopify/\(shopify.key)", method: .post, headers: headers, body: ByteBuffer(string: body)
    ).status.code
  }

  // MARK: Who works

  /// Hands what was published to the consumers of its queues, message by message, until nothing is left.
  func work() async throws {
    while true {
      let last = done.withLockedValue { $0 }
      let packets = try await database.withConnection { connection in
        try connection.query("SELECT id, messages FROM outbox WHERE id > $1 ORDER BY id", [last])
          .map { (id: $0.int(0), bytes: $0.bytes(1)) }
      }
      guard let newest = packets.last?.id else { return }
      done.withLockedValue { $0 = newest }
      for message in try packets.flatMap({ try Packet.messages(in: $0.bytes) }) {
        guard case .event(let key) = message.route else { continue }
        let event = try Event.decode(message.body)
        for queue in Topology().queues(forEvent: key) { try await consume(event, from: queue) }
      }
    }
  }

  private func consume(_ event: Event, from queue: Queue) async throws {
    let exceptions = try await database.withConnection { connection -> [Int: Disposition] in
      switch queue {
      case .stockLedger:
        var consumer = StockLedger(lowThreshold: 2, logger: TestServers.silence)
        return try LaneTransaction.run(&consumer, [event], on: connection)
      case .orderSync:
        var consumer = OrderSync(
          allowedFinancialStatuses: OrderFilter.standard.allowedStatuses, logger: TestServers.silence)
        return try LaneTransaction.run(&consumer, [event], on: connection)
      case .messaging:
        var consumer = Messaging(templates: try Templates(), maxAge: .seconds(86_400)) { _ in false }
        return try LaneTransaction.run(&consumer, [event], on: connection)
      case .propagation:
        var consumer = Propagation(logger: TestServers.silence)
        return try LaneTransaction.run(&consumer, [event], on: connection)
      default: return [:]
      }
    }
    #expect(exceptions.isEmpty, "\(queue) refuses \(event.id)")
  }

  // MARK: How it stands

  func text(_ sql: String) async throws -> String? {
    try await database.withConnection { try $0.query(sql).first?.optionalText(0) }
  }

  func run(_ sql: String) async throws {
    try await database.withConnection { _ = try $0.query(sql) }
  }

  /// What is on hand of each SKU, as in `SKU-1 -2, SKU-2 0`.
  func stock() async throws -> String {
    try await text(
      """
      SELECT coalesce(string_agg(v.sku || ' ' || s.on_hand, ', ' ORDER BY v.sku), '')
        FROM marketplace_stock s JOIN variations v ON v.id = s.variation_id
      """) ?? ""
  }

  /// `order status quantities` of each order.
  func orders() async throws -> String {
    try await text(
      """
      SELECT coalesce(string_agg(concat_ws(' ', o.external_id, o.status,
               (SELECT string_agg(e.quantity::text, '+' ORDER BY e.external_id) FROM order_entries e
                 WHERE e.order_id = o.id AND e.kind = 'item')), ', ' ORDER BY o.external_id), '')
        FROM orders o
      """) ?? ""
  }

  /// How many messages of a kind buyers have got or would have got.
  func messages(_ kind: String) async throws -> String? {
    try await text("SELECT count(*)::text FROM order_messages WHERE kind = '\(kind)'")
  }
}
