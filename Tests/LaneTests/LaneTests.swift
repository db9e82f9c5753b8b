import Lane
import Postgres
import RabbitMQ
import Testing
import Topology

struct LaneTests {
  @Test func `a body that is no event is a dead letter with its reason, and its neighbours commit`()
    async throws
  {
    try await Workbench.with { bench in
      try bench.startLane()
      try bench.publish([("a", "a one"), ("b", "poison"), ("c", "c three")])
      #expect(try bench.eventually { try bench.effects() == ["a", "c"] })
      let letter = try #require(try bench.deadLetter())
      #expect(letter.messageID == "b")
      #expect(letter.withBody { String(decoding: $0, as: UTF8.self) } == "poison")
      #expect(letter.header(LetterHeader.queue)?.text == bench.topology.name(.disputes))
      #expect(letter.header(LetterHeader.errorClass)?.text == "bad_event")
      #expect(letter.header(LetterHeader.error)?.text == "not an event at byte 17: 'x'")
      #expect(letter.header(LetterHeader.fingerprint)?.text == "bad_event/not an event at byte #: ''")
      #expect(letter.header("x-death") == nil)
      let note = try bench.connection.query(
        "SELECT message_id, queue, error_class, error, attempts FROM event_failures")
      #expect(note.count == 1 && note[0].text(0) == "b" && note[0].text(1) == "disputes")
      #expect(note[0].text(2) == "bad_event" && note[0].text(3) == "not an event at byte 17: 'x'")
      #expect(note[0].int(4) == 1)
    }
  }

  @Test func `promise 5: one guilty message among many is found, and all others commit`() async throws {
    try await Workbench.with { bench in
      try bench.publish((1...300).map { ("\($0)", "\($0) \($0 == 123 ? "guilty" : "fine")") })
      try bench.startLane()
      #expect(try bench.eventually { try bench.effects().count == 299 })
      let letter = try #require(try bench.deadLetter())
      #expect(letter.messageID == "123")
      #expect(letter.header(LetterHeader.errorClass)?.text == "bad_data")
      #expect(try bench.ready(bench.topology.deadName(.disputes)) == 0)
    }
  }

  @Test func `promise 3: a message that comes a hundred times has one effect`() async throws {
    try await Workbench.with { bench in
      try bench.startLane()
      try bench.startLane()
      try bench.publish((1...100).map { _ in ("same", "same text") } + [("last", "last text")])
      #expect(try bench.eventually { try bench.effects() == ["same", "last"] })
      bench.stopLanes()
      #expect(try bench.connection.query("SELECT FROM inbox").count == 2)
      #expect(try bench.ready(bench.topology.deadName(.disputes)) == 0)
    }
  }

  @Test
  func `rule 14: what was delayed is no duplicate when it comes again, and is dead after its last attempt`()
    async throws
  {
    try await Workbench.with { bench in
      try bench.startLane(failing: ["late"])
      try bench.publish([("late", "late text"), ("fine", "fine text")])
      let letter = try #require(try bench.deadLetter())
      #expect(letter.messageID == "late")
      #expect(letter.header(LetterHeader.attempts)?.integer == 2)
      #expect(letter.header(LetterHeader.errorClass)?.text == "unavailable")
      #expect(try bench.effects() == ["fine"])
    }
  }

  @Test func `a delayed message has its effect when the service is back`() async throws {
    try await Workbench.with { bench in
      try bench.startLane(failing: ["late"])
      try bench.publish([("late", "late text")])
      #expect(try bench.eventually { try bench.ready("\(bench.topology.namespace).delay.1s") == 1 })
      bench.stopLanes()
      try bench.startLane()
      #expect(try bench.eventually { try bench.effects() == ["late"] })
    }
  }

  @Test func `promise 8: sessions that Postgres ends lose nothing and make no dead letter`() async throws {
    try await Workbench.with { bench in
      try bench.startLane()
      for round in 0..<10 {
        try bench.publish((0..<200).map { ("\(round)-\($0)", "\(round)-\($0) text") })
        try bench.connection.query(
          """
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = $1 AND pid <> pg_backend_pid()
          """, [bench.topology.namespace])
      }
      #expect(try bench.eventually { try bench.effects().count == 2_000 })
      bench.stopLanes()
      #expect(try bench.ready(bench.topology.name(.disputes)) == 0)
      #expect(try bench.ready(bench.topology.deadName(.disputes)) == 0)
    }
  }

  @Test func `a stopped lane leaves what it has not begun in the queue, whole`() async throws {
    try await Workbench.with { bench in
      try bench.publish((0..<3_000).map { ("\($0)", "\($0) text") })
      let control = try bench.startLane()
      #expect(try bench.eventually { try bench.effects().count > 0 })
      control.stop()
      bench.stopLanes()
      let done = try bench.effects().count
      #expect(try bench.eventually { try bench.ready(bench.topology.name(.disputes)) == 3_000 - done })
      try bench.startLane()
      #expect(try bench.eventually { try bench.effects().count == 3_000 })
      #expect(try bench.ready(bench.topology.deadName(.disputes)) == 0)
    }
  }

  @Test func `rule 17: a message that ended three workers alone is a dead letter, its neighbours are not`()
    async throws
  {
    try await Workbench.with { bench in
      try bench.publish([("crasher", "crasher text"), ("neighbour", "neighbour text")])
      // As after three crashes: the message comes back, and its note of the last attempt is still there.
      let tag = try bench.broker.consume(bench.topology.name(.disputes), prefetch: 2)
      var taken: [Delivery] = []
      #expect(
        try bench.eventually {
          if case .delivery(let delivery) = try bench.broker.next() { taken.append(delivery) }
          return taken.count == 2
        })
      try bench.connection.query(
        "INSERT INTO in_hand (consumer, body_hash, crashes, alone) VALUES ('disputes', $1, 2, true)",
        [InHand.hash(of: taken[0])])
      // No consumer any more when they go back, or they would come back here.
      try bench.broker.cancel(tag)
      for delivery in taken { try bench.broker.nack(delivery.tag, multiple: false, requeue: true) }
      try bench.startLane()
      let letter = try #require(try bench.deadLetter())
      #expect(letter.messageID == "crasher")
      #expect(letter.header(LetterHeader.errorClass)?.text == "crashed_worker")
      #expect(try bench.eventually { try bench.effects() == ["neighbour"] })
      bench.stopLanes()
      #expect(try bench.connection.query("SELECT FROM in_hand").count == 0)
    }
  }
}
