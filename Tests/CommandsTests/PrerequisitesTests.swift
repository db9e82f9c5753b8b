import Commands
import Logging
import RabbitMQ
import Settings
import Synchronization
import TestServers
import Testing
import Topology

struct PrerequisitesTests {
  private let namespace = TestServers.uniqueName()
  private var topology: Topology { Topology(namespace: namespace) }

  /// Runs `body` with what checks a namespace and schema of its own, and the lines it logs.
  private func withCheck(
    patience: Duration, migrated: Bool = true,
    _ body: @Sendable (Prerequisites, HeardLines) async throws -> Void
  ) async throws {
    let broker = try TestServers.amqpURL
    defer { try? onBroker { try topology.delete(on: $0) } }
    try await TestDatabase.with(migrated: migrated) { test in
      let settings = try Settings.load(
        environment: ["DATABASE_URL": test.url, "AMQP_URL": broker, "CROSSDOCK_NAMESPACE": namespace],
        directory: "/nowhere")
      let lines = HeardLines()
      try await test.withDatabase { database in
        let check = Prerequisites(
          settings: settings, database: database, logger: lines.logger, patience: patience)
        try await body(check, lines)
      }
    }
  }

  private func onBroker(_ body: (Connection) throws -> Void) throws {
    let connection = try Connection.open(try Address.parse(TestServers.amqpURL), name: "tests")
    defer { connection.close() }
    try body(connection)
  }

  @Test func `a start in the seconds in which a queue is declared again waits for it, and says so`()
    async throws
  {
    let missing = topology.name(.disputes)
    try onBroker { connection in
      try topology.apply(on: connection)
      try connection.deleteQueue(missing)
    }
    try await withCheck(patience: .seconds(30)) { check, lines in
      async let checked: Void = check.check()
      let first = await lines.next()
      #expect(first.contains("waiting") && first.contains("the queue \(missing) is missing"))
      try onBroker { try topology.apply(on: $0) }
      try await checked
    }
  }

  @Test func `a queue that stays away ends the start, with the remedy`() async throws {
    let missing = topology.name(.push)
    try onBroker { connection in
      try topology.apply(on: connection)
      try connection.deleteQueue(missing)
    }
    try await withCheck(patience: .milliseconds(600)) { check, _ in
      await #expect(
        throws: Failure(
          .configuration, "the queue \(missing) is missing: run crossdock topology apply")
      ) {
        try await check.check()
      }
    }
  }

  @Test func `where nothing was ever set up, the start ends at once`() async throws {
    try await withCheck(patience: .seconds(3_600)) { check, lines in
      await #expect(throws: Failure.self) { try await check.check() }
      #expect(lines.all.isEmpty)
    }
    try await withCheck(patience: .seconds(3_600), migrated: false) { check, lines in
      await #expect(
        throws: Failure(
          .configuration, "the database's schema is not up to date: run `crossdock migrate`")
      ) {
        try await check.check()
      }
      #expect(lines.all.isEmpty)
    }
  }

  @Test func `what is declared otherwise ends the start at once: time doesn't heal it`() async throws {
    let other = topology.name(.messaging)
    try onBroker { connection in
      try topology.apply(on: connection)
      try connection.deleteQueue(other)
      try connection.declareQueue(other, arguments: ["x-queue-type": .text("classic")])
      try connection.deleteQueue(topology.name(.disputes))
    }
    try await withCheck(patience: .seconds(3_600)) { check, _ in
      let failure = await #expect(throws: Failure.self) { try await check.check() }
      #expect(failure?.sentence.contains("\(other) is declared otherwise") == true)
    }
  }
}

/// A logger's lines, to wait for.
private final class HeardLines: Sendable {
  private let kept = Mutex<[String]>([])
  private let stream: AsyncStream<String>
  private let feed: AsyncStream<String>.Continuation

  init() { (stream, feed) = AsyncStream.makeStream() }

  var all: [String] { kept.withLock(\.self) }

  var logger: Logger {
    Logger(label: "tests") { _ in Handler(lines: self) }
  }

  func next() async -> String {
    for await line in stream { return line }
    return ""
  }

  private func append(_ line: String) {
    kept.withLock { $0.append(line) }
    feed.yield(line)
  }

  private struct Handler: LogHandler {
    let lines: HeardLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.append(event.message.description) }
  }
}
