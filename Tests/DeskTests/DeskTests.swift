import Desk
import Events
import Lane
import Postgres
import RabbitMQ
import Testing
import Time
import Topology

struct DeskTests {
  @Test func `letters are shown in order with their reasons, again and again`() async throws {
    try await Place.with { (place) throws in
      try place.bury(["a", "b", "c"])
      for _ in 1...3 {
        let letters = try place.desk.letters(Selection())
        #expect(letters.map(\.id) == ["a", "b", "c"])
        #expect(letters.first?.error == "not JSON at byte 0")
        #expect(letters.first?.deadAt == Timestamp("2026-01-01T12:00:00Z"))
      }
      #expect(try place.desk.letters(Selection(queues: [.orderSync])).isEmpty)
      #expect(try place.desk.letters(Selection(limit: 2)).map(\.id) == ["a", "b"])
      #expect(try place.desk.letters(Selection(), skipping: 1, atMost: 1).map(\.id) == ["b"])
      #expect(try place.desk.counts(Selection()) == [.stockLedger: 3])
    }
  }

  @Test func `letters that failed alike make one group, with the orders and the money they touch`()
    async throws
  {
    try await Place.with { (place) throws in
      func order(_ id: String, _ total: String) -> String {
        #"{"data":{"connectionId":"c","order":{"externalId":"\#(id)","total":"\#(total)","currency":"PLN"}}}"#
      }
      try place.bury([
        .init(id: "a", body: order("o1", "10.50")), .init(id: "b", body: order("o1", "10.50")),
        .init(id: "c", errorClass: "unavailable", body: "no JSON"), .init(id: "d", body: order("o2", "0.25")),
      ])
      let groups = try place.desk.groups(Selection())
      #expect(groups.map(\.count) == [3, 1])
      #expect(groups.map(\.fingerprint) == ["bad_event/decode", "unavailable/decode"])
      #expect(groups.map(\.orders) == [2, 0])
      #expect(groups.first?.money["PLN"]?.text == "10.75")
      #expect(
        groups.first?.builds == ["1.2.3"] && groups.first?.lastSeen == Timestamp("2026-01-01T12:00:00Z"))
    }
  }

  @Test func `a requeued letter goes back under its id, a generation on and without its notes`() async throws
  {
    try await Place.with { (place) throws in
      try place.bury(["a", "b", "c"])
      let result = try place.desk.requeue(Selection(ids: ["b"]), by: Warrant(actor: "tests"))
      #expect(result.done == 1 && result.left == 0)
      #expect(try place.desk.letters(Selection()).map(\.id) == ["a", "c"])
      let delivery = try place.take(1, from: place.topology.name(.stockLedger)).first
      #expect(delivery?.messageID == "b")
      #expect(delivery?.header(LetterHeader.generation)?.integer == 1)
      #expect(delivery?.header(LetterHeader.error) == nil && delivery?.header("x-death") == nil)
    }
  }

  @Test func `a message that dies again after its requeue is a letter again`() async throws {
    try await Place.with { (place) throws in
      try place.bury(["a"])
      #expect(try place.desk.requeue(Selection(), by: Warrant(actor: "tests")).done == 1)
      try place.bury([.init(id: "a", generation: 1)])
      #expect(try place.desk.letters(Selection()).map(\.generation) == [1])
      #expect(try place.desk.discard(Selection(), by: Warrant(actor: "tests", reason: "test")).done == 1)
      #expect(try place.desk.letters(Selection()).isEmpty)
      let rows = try place.openDatabase().query(
        "SELECT action, actor, reason, state FROM dead_letter_actions ORDER BY id")
      #expect(rows.map { $0.text(0) } == ["requeue", "discard"])
      #expect(rows.allSatisfy { $0.text(1) == "tests" && $0.text(3) == "done" })
      #expect(rows[1].optionalText(2) == "test")
    }
  }

  @Test func `rule 26: what a killed desk has noted is hidden, and the next one finishes it`() async throws {
    try await Place.with { (place) throws in
      try place.bury(["published", "noted", "free"])
      // As after a kill -9: one before the publish, one after its confirm was written down and before the ack.
      try place.openDatabase().query(
        """
        INSERT INTO dead_letter_actions (queue, message_id, action, generation, dead_at, state, actor)
        VALUES ('stock-ledger', 'noted', 'requeue', 1, '2026-01-01T12:00:00Z', 'intended', 'killed'),
               ('stock-ledger', 'published', 'requeue', 1, '2026-01-01T12:00:00Z', 'done', 'killed')
        """)
      #expect(try place.desk.letters(Selection()).map(\.id) == ["free"])
      let acted = try place.desk.requeue(Selection(ids: ["nothing"]), by: Warrant(actor: "tests"))
      #expect(acted == Acted())
      #expect(try place.take(1, from: place.topology.name(.stockLedger)).map(\.messageID) == ["noted"])
      let connection = try place.open()
      try place.waitFor(1, in: place.topology.deadName(.stockLedger), on: connection)
      #expect(try connection.depth(of: place.topology.name(.stockLedger))?.ready == 0)
      connection.close()
    }
  }

  @Test func `all letters of all queues can go back at once`() async throws {
    try await Place.with { (place) throws in
      try place.bury((0..<600).map { "m\($0)" })
      #expect(try place.desk.requeue(Selection(), by: Warrant(actor: "tests")).done == 600)
      #expect(try place.desk.letters(Selection()).isEmpty)
      let connection = try place.open()
      try place.waitFor(600, in: place.topology.name(.stockLedger), on: connection)
      connection.close()
    }
  }

  @Test func `two desks at one queue are refused with a sentence`() async throws {
    try await Place.with { (place) throws in
      let other = try place.open()
      try other.declareQueue(place.topology.deadName(.stockLedger) + ".desk", exclusive: true)
      #expect(throws: DeskError.self) { try place.desk.letters(Selection(queues: [.stockLedger])) }
      other.close()
    }
  }

  @Test func `depths are exact, and what is unknown is nil`() async throws {
    try await Place.with { (place) throws in
      try place.bury(["a", "b"])
      let connection = try place.open()
      let ledger = try place.topology.depths(on: connection).first { $0.queue == .stockLedger }
      #expect(ledger?.dead == 2 && ledger?.ready == 0 && ledger?.unacked == nil)
      #expect(ledger?.secondsToDrain == nil)
      connection.close()
    }
  }
}
