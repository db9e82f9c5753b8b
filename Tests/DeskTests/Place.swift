import Desk
import Lane
import Postgres
import RabbitMQ
import TestServers
import Testing
import Topology

/// A namespace and a schema of its own, with a desk over both.
struct Place: Sendable {
  let desk: DeadLetterDesk
  let topology: Topology
  let brokers: [Address]
  let database: String

  static func with(_ body: @escaping @Sendable (Place) throws -> Void) async throws {
    try await TestDatabase.with { test in
      let brokers = try Address.parse(try TestServers.amqpURL)
      let topology = Topology(namespace: TestServers.uniqueName("desk"))
      func withBroker(_ work: (RabbitMQ.Connection) throws -> Void) throws {
        let connection = try RabbitMQ.Connection.open(brokers, name: "tests")
        defer { connection.close() }
        try work(connection)
      }
      try withBroker { try topology.apply(on: $0) }
      let desk = DeadLetterDesk(brokers: brokers, topology: topology, database: test.url)
      let place = Place(desk: desk, topology: topology, brokers: brokers, database: test.url)
      let result = Result { try body(place) }
      // Over a new connection: nobody kept the heartbeats of one that waited for a long test.
      try withBroker { try topology.delete(on: $0) }
      try result.get()
    }
  }

  func open() throws -> RabbitMQ.Connection { try RabbitMQ.Connection.open(brokers, name: "tests") }

  func openDatabase() throws -> Postgres.Connection { try Postgres.Connection.open(database, name: "tests") }

  /// A letter as a lane buries it.
  struct Burial {
    var id: String
    var errorClass = "bad_event"
    var generation: Int64?
    var body: String?
    var queue = Queue.stockLedger
  }

  /// Puts letters into the dead queue of the stock ledger, as a lane would; `others` are there already.
  func bury(_ ids: [String], class errorClass: String = "bad_event", beside others: Int = 0) throws {
    try bury(ids.map { Burial(id: $0, errorClass: errorClass) }, beside: others)
  }

  func bury(_ letters: [Burial], beside others: Int = 0) throws {
    let connection = try open()
    defer { connection.close() }
    for letter in letters {
      let generation = letter.generation.map { [(LetterHeader.generation, HeaderValue.integer($0))] } ?? []
      try connection.publish(
        exchange: topology.dead, routingKey: topology.name(letter.queue),
        properties: Publishing(
          messageID: letter.id, type: "order.created",
          headers: [
            (LetterHeader.error, "not JSON at byte 0"), (LetterHeader.errorClass, .text(letter.errorClass)),
            (LetterHeader.fingerprint, .text(letter.errorClass + "/decode")), (LetterHeader.attempts, 1),
            (LetterHeader.deadAt, "2026-01-01T12:00:00Z"), (LetterHeader.build, "1.2.3"),
          ] + generation), body: Array((letter.body ?? "body of \(letter.id)").utf8))
    }
    if let queue = letters.first?.queue {
      try waitFor(others + letters.count, in: topology.deadName(queue), on: connection)
    }
  }

  /// A quorum queue shows a message a moment after its publish.
  func waitFor(_ count: Int, in queue: String, on connection: RabbitMQ.Connection) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while try connection.depth(of: queue)?.ready != count, .now < deadline {}
    #expect(try connection.depth(of: queue)?.ready == count)
  }

  /// Takes that many messages out of a queue.
  func take(_ count: Int, from queue: String) throws -> [Delivery] {
    let connection = try open()
    defer { connection.close() }
    try connection.consume(queue, prefetch: count)
    var taken: [Delivery] = []
    let deadline = ContinuousClock.now + .seconds(10)
    while taken.count < count, .now < deadline {
      if case .delivery(let delivery) = try connection.next() {
        taken.append(delivery)
        try connection.ack(delivery.tag)
      }
    }
    try connection.flushAcks(to: queue)
    return taken
  }
}
