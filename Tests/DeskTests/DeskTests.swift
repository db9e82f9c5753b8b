import Desk
import Lane
import Postgres
import RabbitMQ
import TestServers
import Testing
import Time
import Topology

struct DeskTests {
  /// A namespace and a schema of its own, with a desk over both.
  struct Place: Sendable {
    let desk: DeadLetterDesk
    let topology: Topology
    let brokers: [Address]

    func open() throws -> RabbitMQ.Connection { try RabbitMQ.Connection.open(brokers, name: "tests") }

    /// Puts letters into the dead queue of the stock ledger, as a lane would.
    func bury(_ ids: [String], class errorClass: String = "bad_event", beside others: Int = 0) throws {
      let connection = try open()
      defer { connection.close() }
      for id in ids {
        try connection.publish(
          exchange: topology.dead, routingKey: topology.name(.stockLedger),
          properties: Publishing(
            messageID: id, type: "order.created",
            headers: [
              (LetterHeader.error, "not JSON at byte 0"), (LetterHeader.errorClass, .text(errorClass)),
              (LetterHeader.fingerprint, .text(errorClass + "/decode")), (LetterHeader.attempts, 1),
              (LetterHeader.deadAt, "2026-01-01T12:00:00Z"),
            ]), body: Array("body of \(id)".utf8))
      }
      try waitFor(others + ids.count, in: topology.deadName(.stockLedger), on: connection)
    }

    /// A quorum queue shows a message a moment after its publish.
    func waitFor(_ count: Int, in queue: String, on connection: RabbitMQ.Connection) throws {
      let deadline = ContinuousClock.now + .seconds(10)
      while try connection.depth(of: queue)?.ready != count, ContinuousClock.now < deadline {}
      #expect(try connection.depth(of: queue)?.ready == count)
    }
  }

  static func with(_ body: @escaping @Sendable (Place) throws -> Void) async throws {
    try await TestDatabase.with { test in
      let brokers = try Address.parse(try TestServers.amqpURL)
      let topology = Topology(namespace: TestServers.uniqueName("desk"))
      let connection = try RabbitMQ.Connection.open(brokers, name: "tests")
      try topology.apply(on: connection)
      let desk = DeadLetterDesk(brokers: brokers, topology: topology, database: test.url)
      let result = Result { try body(Place(desk: desk, topology: topology, brokers: brokers)) }
      try topology.delete(on: connection)
      connection.close()
      try result.get()
    }
  }

  @Test func `letters are shown in order with their reasons, again and again`() async throws {
    try await Self.with { (place) throws in
      try place.bury(["a", "b", "c"])
      for _ in 1...3 {
        let letters = try place.desk.letters(Selection())
        #expect(letters.map(\.id) == ["a", "b", "c"])
        #expect(letters.first?.error == "not JSON at byte 0")
        #expect(letters.first?.deadAt == Timestamp("2026-01-01T12:00:00Z"))
      }
      #expect(try place.desk.letters(Selection(queues: [.orderSync])).isEmpty)
      #expect(try place.desk.letters(Selection(limit: 2)).map(\.id) == ["a", "b"])
    }
  }

  @Test func `letters that failed alike make one group`() async throws {
    try await Self.with { (place) throws in
      try place.bury(["a", "b"])
      try place.bury(["c"], class: "unavailable", beside: 2)
      let letters =
        try place.desk.letters(Selection(ids: ["c"])) + place.desk.letters(Selection(ids: ["a", "b"]))
      let groups = LetterGroup.groups(of: letters)
      #expect(groups.map(\.count) == [2, 1])
      #expect(groups.map(\.fingerprint) == ["bad_event/decode", "unavailable/decode"])
    }
  }

  @Test func `a requeued letter goes back under its id, a generation on and without its notes`() async throws
  {
    try await Self.with { (place) throws in
      try place.bury(["a", "b", "c"])
      let result = try place.desk.requeue(Selection(ids: ["b"]), actor: "tests")
      #expect(result.requeued == 1 && result.left == 0)
      #expect(try place.desk.letters(Selection()).map(\.id) == ["a", "c"])
      let connection = try place.open()
      try place.waitFor(1, in: place.topology.name(.stockLedger), on: connection)
      try connection.consume(place.topology.name(.stockLedger), prefetch: 1)
      let deadline = ContinuousClock.now + .seconds(10)
      var delivery: Delivery?
      while delivery == nil, ContinuousClock.now < deadline {
        if case .delivery(let arrived) = try connection.next() { delivery = arrived }
      }
      #expect(delivery?.messageID == "b")
      #expect(delivery?.header(LetterHeader.generation)?.integer == 1)
      #expect(delivery?.header(LetterHeader.error) == nil && delivery?.header("x-death") == nil)
      connection.close()
    }
  }

  @Test func `all letters of all queues can go back at once`() async throws {
    try await Self.with { (place) throws in
      try place.bury((0..<600).map { "m\($0)" })
      #expect(try place.desk.requeue(Selection(), actor: "tests").requeued == 600)
      #expect(try place.desk.letters(Selection()).isEmpty)
      let connection = try place.open()
      try place.waitFor(600, in: place.topology.name(.stockLedger), on: connection)
      connection.close()
    }
  }

  @Test func `two desks at one queue are refused with a sentence`() async throws {
    try await Self.with { (place) throws in
      try place.bury(["a"])
      let browser = try Browser.open(.stockLedger, of: place.topology, at: place.brokers)
      #expect(throws: DeskError.self) { try place.desk.letters(Selection(queues: [.stockLedger])) }
      browser?.close()
    }
  }

  @Test func `depths are exact, and what is unknown is nil`() async throws {
    try await Self.with { (place) throws in
      try place.bury(["a", "b"])
      let connection = try place.open()
      let ledger = try place.topology.depths(on: connection).first { $0.queue == .stockLedger }
      #expect(ledger?.dead == 2 && ledger?.ready == 0 && ledger?.unacked == nil)
      #expect(ledger?.secondsToDrain == nil)
      connection.close()
    }
  }
}
