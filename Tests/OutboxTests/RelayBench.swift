import Events
import Foundation
import Outbox
import Postgres
import RabbitMQ
import TestServers
import Time
import Topology

/// A namespace on the broker and a schema in the database for one test, and the relays that run between them.
final class RelayBench {
  let topology: Topology
  let database: String
  let broker: RabbitMQ.Connection
  let connection: Postgres.Connection
  private var relays: [(control: RelayControl, ended: DispatchSemaphore)] = []

  /// The queue that messages go to unless a test says otherwise.
  var queue: String { topology.name(.poll) }

  static func with(_ body: @escaping @Sendable (RelayBench) throws -> Void) async throws {
    try await TestDatabase.with { test in
      try await withCheckedThrowingContinuation { continuation in
        Thread {
          continuation.resume(
            with: Result {
              let bench = try RelayBench(database: test.url)
              defer { bench.tearDown() }
              try body(bench)
            })
        }.start()
      }
    }
  }

  private init(database: String) throws {
    topology = Topology(namespace: TestServers.uniqueName("relay"), delays: try Delays("1s"))
    self.database =
      database + (database.contains("?") ? "&" : "?") + "application_name=" + topology.namespace
    broker = try RabbitMQ.Connection.open(try Address.parse(try TestServers.amqpURL), name: "tests")
    try topology.apply(on: broker)
    connection = try Postgres.Connection.open(database, name: "tests")
  }

  private func tearDown() {
    stopRelays()
    try? topology.delete(on: broker)
    broker.close()
  }

  /// `broker`: the relay's way to it, when that is not the straight one.
  @discardableResult
  func startRelay(by broker: String? = nil) throws -> RelayControl {
    let relay = try Relay(
      configuration: .init(
        brokers: try Address.parse(try broker ?? TestServers.amqpURL), database: database, topology: topology,
        build: "test"), logger: TestServers.silence)
    let ended = DispatchSemaphore(value: 0)
    Task {
      await relay.run()
      ended.signal()
    }
    relays.append((relay.control, ended))
    return relay.control
  }

  func stopRelays() {
    for relay in relays { relay.control.stop() }
    for relay in relays { relay.ended.wait() }
    relays.removeAll()
  }

  /// Messages of one transaction.
  func append(
    _ ids: String..., to route: OutboundMessage.Route = .job(queue: "poll"), bytes: Int = 2,
    on connection: Postgres.Connection? = nil
  ) throws {
    let messages = ids.map {
      OutboundMessage(
        route: route, messageId: $0, type: "test", time: .epoch, body: [UInt8](repeating: 0x30, count: bytes))
    }
    try (connection ?? self.connection).transaction { try Outbox.append(messages, on: $0) }
  }

  /// How many packets fulfil a condition of SQL.
  func packets(_ condition: String) throws -> Int {
    try connection.query("SELECT FROM outbox WHERE \(condition)").count
  }

  /// Takes so many messages out of the queue; fewer when they don't come.
  func received(_ count: Int) throws -> [String] {
    let tag = try broker.consume(queue, prefetch: count)
    var ids: [String] = []
    _ = try eventually {
      if case .delivery(let delivery) = try broker.next() {
        ids.append(delivery.messageID ?? "")
        try broker.ack(delivery.tag)
      }
      return ids.count == count
    }
    try broker.cancel(tag)
    return ids
  }

  /// Waits for a condition that some relay brings about; false when it doesn't in time.
  func eventually(_ condition: () throws -> Bool) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(30)
    while .now < deadline {
      if try condition() { return true }
      Thread.sleep(forTimeInterval: 0.01)
    }
    return false
  }
}
