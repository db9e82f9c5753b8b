import Events
import Foundation
import Lane
import Postgres
import RabbitMQ
import Schema
import TestServers
import Time
import Topology

/// A namespace on the broker and a schema in the database for one test, and the lanes that run on them.
final class Workbench {
  let topology: Topology
  let database: String
  let broker: RabbitMQ.Connection
  let connection: Postgres.Connection
  private var lanes: [(control: LaneControl, ended: DispatchSemaphore)] = []

  static func with(
    delays: String = "1s", deliveryLimit: Int = 50,
    _ body: @escaping @Sendable (Workbench) throws -> Void
  ) async throws {
    try await TestDatabase.with { test in
      try await withCheckedThrowingContinuation { continuation in
        Thread {
          continuation.resume(
            with: Result {
              let topology = Topology(
                namespace: TestServers.uniqueName("lane"), delays: try Delays(delays),
                deliveryLimit: deliveryLimit)
              let bench = try Workbench(topology: topology, database: test.url)
              defer { bench.tearDown() }
              try body(bench)
            })
        }.start()
      }
    }
  }

  /// On a server whose commits wait for a standby, until it is released.
  static func withoutStandby(_ body: @escaping @Sendable (Workbench, PrivatePostgres) throws -> Void)
    async throws
  {
    try await withCheckedThrowingContinuation { continuation in
      Thread {
        continuation.resume(
          with: Result {
            try PrivatePostgres.with { server in
              try TestDatabase.migrate(try Postgres.Connection.open(server.localURL, name: "tests"))
              let topology = Topology(
                namespace: TestServers.uniqueName("lane"), delays: try Delays("1s"), deliveryLimit: 50)
              let bench = try Workbench(topology: topology, database: server.url, own: server.localURL)
              defer { bench.tearDown() }
              try body(bench, server)
            }
          })
      }.start()
    }
  }

  /// `own`: for what the test itself does in the database, when that is not as the lanes do it.
  private init(topology: Topology, database: String, own: String? = nil) throws {
    self.topology = topology
    // The lanes' sessions under a name of their own, so that a test ends nobody else's.
    self.database = database + (database.contains("?") ? "&" : "?") + "application_name=" + topology.namespace
    broker = try RabbitMQ.Connection.open(try Address.parse(try TestServers.amqpURL), name: "tests")
    try topology.apply(on: broker)
    try broker.enableConfirms()
    connection = try Postgres.Connection.open(own ?? database, name: "tests")
    try connection.query("CREATE TABLE effects (id text PRIMARY KEY, body text CHECK (body <> 'guilty'))")
  }

  private func tearDown() {
    stopLanes()
    try? topology.delete(on: broker)
    broker.close()
  }

  private func configuration(broker: String?) throws -> LaneConfiguration {
    LaneConfiguration(
      brokers: try Address.parse(try broker ?? TestServers.amqpURL), database: database, topology: topology,
      batch: 100, maxAttempts: 2, build: "test")
  }

  /// `broker`: the lane's way to it, when that is not the straight one.
  @discardableResult
  func startLane(failing: Set<String> = [], by broker: String? = nil) throws -> LaneControl {
    let control = try LaneControl()
    let ended = DispatchSemaphore(value: 0)
    let configuration = try configuration(broker: broker)
    Thread {
      Lane(
        consumer: Recording(transient: failing), configuration: configuration, control: control,
        logger: TestServers.silence
      ).run()
      ended.signal()
    }.start()
    lanes.append((control, ended))
    return control
  }

  func stopLanes() {
    for lane in lanes { lane.control.stop() }
    for lane in lanes { lane.ended.wait() }
    lanes.removeAll()
  }

  /// Publishes bodies as they are, and waits until the broker has them all.
  func publish(_ bodies: [(id: String, body: String)]) throws {
    var confirms = Confirms()
    try broker.drain()
    for (id, body) in bodies {
      confirms.expect(
        try broker.publish(
          exchange: topology.events, routingKey: "allegro.dispute.initiated",
          properties: Publishing(messageID: id), body: Array(body.utf8)))
    }
    while !confirms.isEmpty {
      if case .confirm(let confirm) = try broker.next() { _ = confirms.settle(confirm) }
    }
  }

  func effects() throws -> Set<String> {
    Set(try connection.query("SELECT id FROM effects").map { $0.text(0) })
  }

  /// The sessions of this test's lanes that wait for a lock, each with the start of its transaction.
  func waitingTransactions() throws -> [String: Int] {
    let rows = try connection.query(
      """
      SELECT pid || ' ' || xact_start, pid::bigint FROM pg_stat_activity
       WHERE application_name = $1 AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
      """, [topology.namespace])
    return Dictionary(rows.map { ($0.text(0), $0.int(1)) }) { $1 }
  }

  func ready(_ queue: String) throws -> Int { try broker.depth(of: queue)?.ready ?? -1 }

  /// Waits for a condition that some lane brings about; false when it doesn't in time.
  func eventually(_ condition: () throws -> Bool) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(30)
    while .now < deadline {
      if try condition() { return true }
      Thread.sleep(forTimeInterval: 0.01)
    }
    return false
  }

  /// Takes a dead letter out of its queue.
  func deadLetter() throws -> Delivery? {
    let tag = try broker.consume(topology.deadName(.disputes), prefetch: 1)
    defer { try? broker.cancel(tag) }
    var found: Delivery?
    _ = try eventually {
      if case .delivery(let delivery) = try broker.next() {
        found = delivery
        try broker.ack(delivery.tag)
      }
      return found != nil
    }
    return found
  }
}

/// A consumer that writes each message down. A body is `ID TEXT`; the text `guilty` breaks a constraint.
struct Recording: Consumer {
  struct Message: Keyed {
    var id: String
    var time = Timestamp.epoch
    var text: String
  }

  /// Ids that meet a service that is not available.
  var transient: Set<String> = []

  var queue: Queue { .disputes }

  func decode(_ body: UnsafeRawBufferPointer) throws(EventError) -> Message {
    let parts = String(decoding: body, as: UTF8.self).split(separator: " ", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { throw EventError("not an event at byte 17: 'x'") }
    return Message(id: parts[0], text: parts[1])
  }

  func apply(_ batch: Batch<Message>, on connection: Postgres.Connection) throws -> [Int: Disposition] {
    let fresh = try batch.claimed()
    let away = fresh.filter { transient.contains(batch.messages[$0].id) }
    let effective = fresh.filter { !away.contains($0) }.map { batch.messages[$0] }
    _ = try connection.query(
      "INSERT INTO effects SELECT * FROM unnest($1::text[], $2::text[])",
      [effective.map(\.id), effective.map(\.text)])
    let failure = Failure(.unavailable, place: "service", "the service is not available")
    return Dictionary(uniqueKeysWithValues: away.map { ($0, .delay(failure)) })
  }
}
