import Crypto
import Events
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Intake
import JSON
import Marketplaces
import NIOCore
import Postgres
import TestServers
import Testing
import Time

/// Webhooks signed like Shopify's: base64 of HMAC-SHA256 over the raw body; `x-topic` says what they are.
struct SignedReader: WebhookReader {
  static func signature(_ body: String, _ secret: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(
      for: Data(body.utf8), using: SymmetricKey(data: Data(secret.utf8)))
    return Data(code).base64EncodedString()
  }

  func isGenuine(_ request: WebhookRequest, keys: WebhookKeys) -> Bool {
    guard let given = Data(base64Encoded: request.headers["x-signature"] ?? "") else { return false }
    return keys.secrets.contains { secret in
      HMAC<SHA256>.isValidAuthenticationCode(
        given, authenticating: request.body, using: SymmetricKey(data: Data(secret.utf8)))
    }
  }

  func handshake(_ request: WebhookRequest) -> JSON? {
    request.headers["x-topic"] == "hello" ? ["hello": "back"] : nil
  }

  func read(
    _ request: WebhookRequest, for connection: MarketplaceConnection, filter: OrderFilter
  ) throws(MarketplaceError) -> WebhookReading {
    guard let json = try? JSON.parse(request.body), let id = json["id"].text else {
      throw .malformed("it has no id")
    }
    let time = json["at"].timestamp ?? request.receivedAt
    let topic = request.headers["x-topic"] ?? ""
    let raw = RawEvent(id: id, type: topic, occurredAt: time, payload: json)
    func event(_ type: EventType, _ payload: Event.Payload) -> WebhookReading {
      let event = connection.event(
        id: connection.messageId(id), type: type, time: time, change: nil, observedAt: time, payload)
      return .items([FeedItem(raw: raw, meaning: .event(event))])
    }
    switch topic {
    case "inventory":
      let inventory = Inventory(listingId: "l-1", sku: "A", locationId: nil, quantity: 3, asOf: time)
      return event(.inventoryUpdated, .inventory(inventory))
    case "order":
      let line = OrderLine(externalId: "li-1", sku: "A", quantity: 1)
      return event(.orderUpdated, .order(Order(externalId: "o-1", updatedAt: time, lines: [line])))
    case "order.named": return .fetch(raw, [.order("o-1"), .order("o-2")])
    default: return .items([FeedItem(raw: raw, meaning: .skipped("unknown topic"))])
    }
  }
}

/// A gateway that takes webhooks of one Shopify connection into a schema of its own.
struct Porch: Sendable {
  static let secret = "the shop's secret"
  let client: any TestClientProtocol
  let database: Database
  let store: ConnectionStore
  let connection: MarketplaceConnection

  static func with(
    orders: Bool = true, rate: Int = 100, secrets: Secrets = Secrets(["webhook_secret": .string(secret)]),
    application: [String] = [], _ body: @escaping @Sendable (Porch) async throws -> Void
  ) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 3) { database in
        let key = try #require(SecretKey(base64: Data(repeating: 7, count: 32).base64EncodedString()))
        let store = ConnectionStore(database: database, keys: SecretKeys(current: key))
        let connection = try await store.add(
          ConnectionDraft(
            userId: "shop-1", platform: .shopify, name: "main", baseURL: "https://shop.example",
            secrets: secrets))
        let routes = WebhookRoutes(
          store: store, database: database,
          configuration: .init(
            readers: [.shopify: SignedReader()],
            rules: IntakeRules(areOrdersTaken: orders, maxAge: .seconds(72 * 3_600)), filter: .standard,
            baseURL: "https://gate.example", ratePerMinute: rate, secrets: [.shopify: application]),
          logger: TestServers.silence)
        let gateway = Gateway(
          host: "127.0.0.1", port: 0, metrics: .init(), ready: [], routes: [routes],
          logger: TestServers.silence)
        try await gateway.application.test(.router) { client in
          try await body(
            Porch(client: client, database: database, store: store, connection: connection))
        }
      }
    }
  }

  /// Sends a body and answers the status.
  @discardableResult
  func send(
    _ body: String, topic: String = "inventory", secret: String = Porch.secret, signed: String? = nil,
    path: String? = nil, headers: HTTPFields = [:]
  ) async throws -> HTTPFields {
    try await answer(body, topic, secret, signed, path, headers).headers
  }

  func status(
    _ body: String, topic: String = "inventory", secret: String = Porch.secret, signed: String? = nil,
    path: String? = nil, headers: HTTPFields = [:]
  ) async throws -> Int {
    try await answer(body, topic, secret, signed, path, headers).status.code
  }

  func answer(
    _ body: String, _ topic: String, _ secret: String, _ signed: String?, _ path: String?, _ more: HTTPFields
  ) async throws -> TestResponse {
    var headers = more
    headers[.topic] = topic
    headers[.signature] = SignedReader.signature(signed ?? body, secret)
    return try await client.execute(
      uri: path ?? "/webhook/shopify/\(connection.key)", method: .post, headers: headers,
      body: ByteBuffer(string: body))
  }

  /// `event_type status error` of every row, in the order of their ids.
  func rows() async throws -> [String] {
    try await database.withConnection { connection in
      try connection.query(
        "SELECT event_id, event_type, status, source FROM webhook_events ORDER BY event_id"
      ).map { "\($0.text(0)) \($0.text(1)) \($0.text(2)) \($0.text(3))" }
    }
  }

  /// How many messages wait in the outbox, and in how many rows: a row is a transaction.
  func outbox() async throws -> (messages: Int, commits: Int) {
    try await database.withConnection { connection in
      let row = try connection.query("SELECT coalesce(sum(count), 0)::bigint, count(*) FROM outbox").first
      return (row?.int(0) ?? -1, row?.int(1) ?? -1)
    }
  }
}

extension HTTPField.Name {
  static let topic = HTTPField.Name("X-Topic") ?? .from
  static let signature = HTTPField.Name("X-Signature") ?? .from
}

struct WebhookTests {
  @Test func `a genuine webhook is stored and published before its 200, once however often it comes`()
    async throws
  {
    try await Porch.with { (porch: Porch) async throws in
      for _ in 1...3 { #expect(try await porch.status(#"{"id":"e-1"}"#) == 200) }
      #expect(try await porch.rows() == ["e-1 inventory.updated published webhook"])
      #expect(try await porch.outbox().messages == 1)
    }
  }

  @Test func `only the raw bytes that were signed count`() async throws {
    try await Porch.with { (porch: Porch) async throws in
      let body = #"{"id":"e-1","name":"\/ é \u0026"}"#
      #expect(try await porch.status(body, signed: body + " ") == 401)
      #expect(try await porch.status(#"{"id":"e-1","name":"/ é &"}"#, signed: body) == 401)
      #expect(try await porch.status(body, secret: "another") == 401)
      #expect(try await porch.rows().isEmpty)
      #expect(try await porch.status(body) == 200)
    }
  }

  @Test func `while secrets are rotated the old one counts until its time, and a new one at once`()
    async throws
  {
    let future = Timestamp.now() + .seconds(60)
    let secrets = Secrets([
      "webhook_secret": "new",
      "webhook_secrets": [
        "always", ["secret": "old", "until": .time(future)],
        ["secret": "past", "until": .time(Timestamp.now() - .seconds(1))],
      ],
    ])
    try await Porch.with(secrets: secrets, application: ["the application's"]) {
      (porch: Porch) async throws in
      for (secret, status) in [
        ("new", 200), ("always", 200), ("old", 200), ("the application's", 200), ("past", 401), ("", 401),
      ] {
        #expect(try await porch.status(#"{"id":"e-1"}"#, secret: secret) == status, "\(secret)")
      }
    }
  }

  @Test func `a connection that is unknown, or of another platform, is not found`() async throws {
    try await Porch.with { (porch: Porch) async throws in
      let body = #"{"id":"e-1"}"#
      #expect(try await porch.status(body, path: "/webhook/shopify/\(UUID())") == 404)
      #expect(try await porch.status(body, path: "/webhook/shopify/nonsense") == 404)
      #expect(try await porch.status(body, path: "/webhook/square/\(porch.connection.key)") == 404)
      #expect(try await porch.status(body, path: "/webhook/tiktok/\(porch.connection.key)") == 404)
    }
  }

  @Test func `an unknown topic is kept and answered with 200, nonsense that is signed with 400`() async throws
  {
    try await Porch.with { (porch: Porch) async throws in
      #expect(try await porch.status(#"{"id":"e-1"}"#, topic: "carts/update") == 200)
      #expect(try await porch.rows() == ["e-1 carts/update skipped webhook"])
      #expect(try await porch.status("nonsense") == 400)
      #expect(try await porch.outbox().messages == 0)
    }
  }

  @Test func `without ENABLE_WEBHOOKS orders are kept and skipped, stock is taken`() async throws {
    try await Porch.with(orders: false) { (porch: Porch) async throws in
      #expect(try await porch.status(#"{"id":"e-1"}"#, topic: "order") == 200)
      #expect(try await porch.status(#"{"id":"e-2"}"#, topic: "order.named") == 200)
      #expect(try await porch.status(#"{"id":"e-3"}"#) == 200)
      #expect(
        try await porch.rows() == [
          "e-1 order skipped webhook", "e-2 order.named skipped webhook",
          "e-3 inventory.updated published webhook",
        ])
      #expect(try await porch.outbox().messages == 1)
    }
  }

  @Test func `a webhook that only names orders publishes a job that asks for them, once`() async throws {
    try await Porch.with { (porch: Porch) async throws in
      for _ in 1...2 { #expect(try await porch.status(#"{"id":"e-1"}"#, topic: "order.named") == 200) }
      #expect(try await porch.rows() == ["e-1 order.named skipped webhook"])
      #expect(try await porch.outbox().messages == 1)
    }
  }

  @Test func `what was said days ago is kept and has no effect`() async throws {
    try await Porch.with { (porch: Porch) async throws in
      let late = Timestamp.now() - .seconds(26 * 3_600)
      let replayed = Timestamp.now() - .seconds(80 * 3_600)
      #expect(try await porch.status(#"{"id":"e-1","at":"\#(late)"}"#) == 200)
      #expect(try await porch.status(#"{"id":"e-2","at":"\#(replayed)"}"#) == 200)
      #expect(
        try await porch.rows() == [
          "e-1 inventory.updated published webhook", "e-2 inventory skipped webhook",
        ])
    }
  }

  @Test func `more than the limit of a minute is put off, and forged ones don't count`() async throws {
    try await Porch.with(rate: 5) { (porch: Porch) async throws in
      for _ in 1...10 { #expect(try await porch.status(#"{"id":"x"}"#, secret: "forged") == 401) }
      for index in 1...5 { #expect(try await porch.status(#"{"id":"e-\#(index)"}"#) == 200) }
      let answer = try await porch.answer(#"{"id":"e-6"}"#, "inventory", Porch.secret, nil, nil, [:])
      #expect(answer.status.code == 429)
      #expect(answer.headers[.retryAfter].flatMap { Int($0) }.map { (1...60).contains($0) } == true)
      #expect(try await porch.rows().count == 5)
    }
  }

  @Test func `a body over 1 MB is refused, one of 1 MB is taken`() async throws {
    try await Porch.with { (porch: Porch) async throws in
      func body(_ bytes: Int) -> String {
        let front = #"{"id":"e-1","pad":""#
        return front + String(repeating: "x", count: bytes - front.utf8.count - 2) + #""}"#
      }
      #expect(try await porch.status(body(1_048_577)) == 413)
      #expect(try await porch.status(body(1_048_576)) == 200)
      let packed = try await porch.status(#"{"id":"e-2"}"#, headers: [.contentEncoding: "gzip"])
      #expect(packed == 415)
    }
  }

  @Test func `a handshake is answered and leaves nothing behind`() async throws {
    try await Porch.with { (porch: Porch) async throws in
      let answer = try await porch.answer("{}", "hello", "any", nil, nil, [:])
      #expect(answer.status.code == 200 && String(buffer: answer.body) == #"{"hello":"back"}"#)
      #expect(try await porch.rows().isEmpty)
    }
  }

  @Test func `webhooks that wait share a commit, and each has its own answer`() async throws {
    try await Porch.with(rate: 10_000) { (porch: Porch) async throws in
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for index in 0..<200 {
          group.addTask {

            try await porch.status(
              #"{"id":"e-\#(index % 150)"}"#, secret: index == 77 ? "forged" : Porch.secret)
          }
        }
        return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      }
      #expect(statuses == [200: 199, 401: 1])
      #expect(try await porch.rows().count == 149)
      let outbox = try await porch.outbox()
      #expect(outbox.messages == 149 && outbox.commits < 149)
    }
  }
}
