import AsyncHTTPClient
import Foundation
import JSON
import NIOCore
import NIOHTTP1
import Postgres
import RabbitMQ
import TestServers
import Testing
import Topology

/// A running `crossdock run` in a schema and a namespace of its own, with one connection that has one product.
struct Installation {
  /// `http://127.0.0.1:PORT`
  let address: String
  let database: TestDatabase
  let topology: Topology
  private let environment: [String: String]

  static let connection = "6f1c2b3a-0000-4000-8000-000000000001"

  private static let binary = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("crossdock")

  struct Failure: Error, CustomStringConvertible { let description: String }

  static func with<T: Sendable>(_ body: @Sendable (Installation) async throws -> T) async throws -> T {
    try await TestDatabase.with { database in
      let topology = Topology(namespace: TestServers.uniqueName("dash"))
      let broker = try Connection.open(try Address.parse(TestServers.amqpURL), name: "tests")
      try topology.apply(on: broker)
      broker.close()
      try fill(database)
      let environment = [
        "DATABASE_URL": database.url, "AMQP_URL": try TestServers.amqpURL,
        "CROSSDOCK_NAMESPACE": topology.namespace, "API_GATEWAY_PORT": "0", "ENABLE_ORDER_POLLING": "false",
        "CROSSDOCK_SECRET_KEY": Data(repeating: 7, count: 32).base64EncodedString(),
        "API_JWT_SECRET": "a long random text for tests", "PATH": "/usr/bin:/bin",
      ]
      let result: Result<T, any Error>
      do {
        result = .success(
          try await withProcess(environment) { port in
            try await body(
              Installation(
                address: "http://127.0.0.1:\(port)", database: database, topology: topology,
                environment: environment))
          })
      } catch {
        result = .failure(error)
      }
      let last = try Connection.open(try Address.parse(TestServers.amqpURL), name: "tests")
      try topology.delete(on: last)
      last.close()
      return try result.get()
    }
  }

  private static func fill(_ database: TestDatabase) throws {
    let connection = try Postgres.Connection.open(database.url, name: "tests")
    try connection.query(
      """
      INSERT INTO platform_connections (id, user_id, platform, marketplace_id, name, base_url)
      VALUES ($1, 'shop-7', 'allegro', 7, 'main', 'http://127.0.0.1:1')
      """, [UUID(uuidString: Self.connection)])
    try connection.query("INSERT INTO variations (user_id, sku, title) VALUES ('shop-7', 'SKU-0001', 'Mug')")
    try connection.query(
      """
      INSERT INTO listings (connection_id, external_id, variation_id, sku)
      SELECT $1, 'offer-1', id, sku FROM variations
      """, [UUID(uuidString: Self.connection)])
    try connection.query(
      "INSERT INTO marketplace_stock (variation_id, marketplace_id) SELECT id, 7 FROM variations")
  }

  // MARK: The process

  private static func withProcess<T>(
    _ environment: [String: String], _ body: (Int) async throws -> T
  ) async throws -> T {
    let process = Process()
    process.executableURL = binary
    process.arguments = ["run"]
    process.environment = environment
    process.currentDirectoryURL = FileManager.default.temporaryDirectory
    let log = Pipe()
    process.standardError = log
    process.standardOutput = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let pid = process.processIdentifier
    // What neither starts nor ends by itself is killed.
    let limit = DispatchWorkItem { kill(pid, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 55, execute: limit)
    let result: Result<T, any Error>
    do {
      result = .success(try await body(try await Self.port(in: log.fileHandleForReading)))
    } catch {
      result = .failure(error)
    }
    process.terminate()
    process.waitUntilExit()
    limit.cancel()
    return try result.get()
  }

  /// The log says it once the gateway listens; the rest of the log is read and dropped, so that nobody waits for it.
  private static func port(in log: FileHandle) async throws -> Int {
    try await withCheckedThrowingContinuation { continuation in
      Thread {
        var text = ""
        var isKnown = false
        while true {
          let bytes = log.availableData
          if bytes.isEmpty {
            if !isKnown {
              continuation.resume(throwing: Failure(description: "crossdock run ended: \(text)"))
            }
            return
          }
          guard !isKnown else { continue }
          text += String(decoding: bytes, as: UTF8.self)
          if let match = text.firstMatch(of: /listening port=(\d+)/), let port = Int(match.1) {
            isKnown = true
            continuation.resume(returning: port)
          }
        }
      }.start()
    }
  }

  /// What `crossdock token …` prints.
  func token(_ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = Self.binary
    process.arguments = ["token"] + arguments
    process.environment = environment
    process.currentDirectoryURL = FileManager.default.temporaryDirectory
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return text.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  // MARK: Over HTTP

  struct Answer {
    var status: Int
    var headers: HTTPHeaders
    var text: String
  }

  func get(_ path: String, session: String? = nil) async throws -> Answer {
    try await ask(HTTPClientRequest(url: address + path), session)
  }

  /// `site`: where the browser says that the form comes from; nil when it says nothing.
  func post(
    _ path: String, _ form: [String: String], session: String? = nil, from site: String? = "same-origin"
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: address + path)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
    if let site { request.headers.add(name: "sec-fetch-site", value: site) }
    let plain = CharacterSet.alphanumerics
    let body = form.map { "\($0.key)=\($0.value.addingPercentEncoding(withAllowedCharacters: plain) ?? "")" }
    request.body = .bytes(ByteBuffer(string: body.joined(separator: "&")))
    return try await ask(request, session)
  }

  /// One request; redirections are not followed.
  private func ask(_ request: HTTPClientRequest, _ session: String?) async throws -> Answer {
    var request = request
    if let session { request.headers.add(name: "cookie", value: "crossdock_session=\(session)") }
    let client = HTTPClient(
      eventLoopGroupProvider: .singleton, configuration: .init(redirectConfiguration: .disallow))
    let result: Result<Answer, any Error>
    do {
      let response = try await client.execute(request, timeout: .seconds(20))
      let body = try await response.body.collect(upTo: 8 << 20)
      result = .success(
        Answer(status: Int(response.status.code), headers: response.headers, text: String(buffer: body)))
    } catch {
      result = .failure(error)
    }
    try await client.shutdown()
    return try result.get()
  }

  /// What a stream of a page says until it says `text`, within 20 s.
  func listen(to page: String, session: String, until text: String) async throws -> String {
    var request = HTTPClientRequest(url: "\(address)/live?page=\(page)")
    request.headers = ["cookie": "crossdock_session=\(session)", "sec-fetch-site": "same-origin"]
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    var heard = ""
    for try await part in response.body {
      heard += String(buffer: part)
      if heard.contains(text) { break }
    }
    return heard
  }

  /// The page as soon as it says `text`; what it says after 15 s otherwise.
  func page(_ path: String, session: String, saying text: String) async throws -> String {
    let deadline = ContinuousClock.now + .seconds(15)
    while true {
      let page = try await get(path, session: session).text
      if page.contains(text) || .now > deadline { return page }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  func run(_ sql: String) async throws {
    try await database.withDatabase { database in
      try await database.withConnection { _ = try $0.query(sql) }
    }
  }

  /// One of the connection's fifty listings differed.
  func addReconciliation() async throws {
    try await run(
      """
      INSERT INTO reconciliations (connection_id, marketplace_id, reason, status, listings, differences, biggest,
        finished_at)
      VALUES ('\(Self.connection)', 7, 'manual', 'done', 50, 1,
        '[{"listing":"offer-1","sku":"SKU-0001","ledger":4,"marketplace":9,"difference":5}]', now())
      """)
  }

  /// Publishes what is, or is not, an event of an order.
  func publish(id: String, body: String) throws {
    let broker = try Connection.open(try Address.parse(TestServers.amqpURL), name: "tests")
    defer { broker.close() }
    try broker.publish(
      exchange: topology.events, routingKey: "allegro.order.created",
      properties: Publishing(messageID: id, type: "order.created", headers: []),
      body: Array(body.utf8))
  }

  /// Lets a body that is no event die in the queues of orders, and waits until so many are in each of their dead.
  func makeDeadLetter(id: String = "broken-1", body: String = "no event", asNumber count: Int = 1)
    async throws
  {
    try publish(id: id, body: body)
    let broker = try Connection.open(try Address.parse(TestServers.amqpURL), name: "tests")
    defer { broker.close() }
    let deadline = ContinuousClock.now + .seconds(15)
    for queue in [Queue.orderSync, .stockLedger, .messaging] {
      while try broker.depth(of: topology.deadName(queue))?.ready != count {
        guard .now < deadline else { throw Failure(description: "nothing died") }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }

  /// Asks the API as a program does.
  func call(_ path: String, _ body: JSON, token: String) async throws -> Answer {
    var request = HTTPClientRequest(url: address + path)
    request.method = .POST
    request.headers = ["content-type": "application/json", "authorization": "Bearer \(token)"]
    request.body = .bytes(ByteBuffer(bytes: body.bytes))
    return try await ask(request, nil)
  }
}
