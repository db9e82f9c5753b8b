import Desk
import JSON
import Postgres
import RabbitMQ
import Testing
import Time
import Topology

struct PlanTests {
  @Test func `a plan touches what it has frozen and nothing else, and counts what is done as done`()
    async throws
  {
    try await Place.with { (place) throws in
      try place.bury(["a", "b", "c"])
      let plan = try place.desk.plan(.requeue, of: Selection(ids: ["a", "c"]), by: Warrant(actor: "tests"))
      let read = try Plan(file: plan.json.bytes)
      #expect(read == plan && read.letters.count == 2)
      #expect(try place.desk.requeue(Selection(ids: ["a"]), by: Warrant(actor: "other")).done == 1)
      #expect(try place.desk.apply(read, by: "tests") == Acted(done: 2))
      #expect(try place.desk.apply(read, by: "tests") == Acted(done: 2))
      #expect(try place.desk.letters(Selection()).map(\.id) == ["b"])
      #expect(
        try place.take(2, from: place.topology.name(.stockLedger)).compactMap(\.messageID) == ["a", "c"])
    }
  }

  @Test func `a plan is refused whole when one of its letters is gone or is another`() async throws {
    try await Place.with { (place) throws in
      try place.bury(["a", "b"])
      let plan = try place.desk.plan(.discard, of: Selection(), by: Warrant(actor: "tests"))
      _ = try place.take(1, from: place.topology.deadName(.stockLedger))
      try place.bury([.init(id: "a", body: "another payload")], beside: 1)
      let error = #expect(throws: DeskError.self) { try place.desk.apply(plan, by: "tests") }
      #expect(error?.description.contains("nothing was done: a changed") == true)
      #expect(try place.desk.letters(Selection()).map(\.id) == ["b", "a"])
    }
  }

  @Test func `a plan is refused whole when one of its letters was dealt with in another way`() async throws {
    try await Place.with { (place) throws in
      try place.bury(["a", "b"])
      let plan = try place.desk.plan(.requeue, of: Selection(), by: Warrant(actor: "tests"))
      #expect(try place.desk.discard(Selection(ids: ["a"]), by: Warrant(actor: "other")).done == 1)
      let error = #expect(throws: DeskError.self) { try place.desk.apply(plan, by: "tests") }
      #expect(error?.description.contains("nothing was done: a changed") == true)
      #expect(try place.desk.state(of: plan).done == 0)
      #expect(try place.desk.letters(Selection()).map(\.id) == ["b"])
    }
  }

  @Test func `a letter that was noted and never dealt with is done only while it lies there`() async throws {
    try await Place.with { (place) throws in
      try place.bury(["a"])
      let plan = try place.desk.plan(.requeue, of: Selection(), by: Warrant(actor: "tests"))
      try place.openDatabase().query(
        """
        INSERT INTO dead_letter_actions (queue, message_id, action, generation, dead_at, fingerprint, actor)
        VALUES ('stock-ledger', 'a', 'requeue', 1, '2026-01-01T12:00:00Z', 'bad_event/decode', 'killed')
        """)
      #expect(try place.desk.state(of: plan).done == 1)
      _ = try place.take(1, from: place.topology.deadName(.stockLedger))
      #expect(try place.desk.state(of: plan).changed.map(\.id) == ["a"])
    }
  }

  @Test func `a plan that was edited, cut short or is something else is refused`() throws {
    let plan = Plan(.requeue, by: Warrant(actor: "tests"), at: .epoch)
    var edited = plan.json
    edited["action"] = "discard"
    let texts = [edited.bytes, Array(plan.json.bytes.dropLast(3)), Array("{}".utf8), []]
    for text in texts { #expect(throws: DeskError.self) { try Plan(file: text) } }
    #expect(try Plan(file: plan.json.bytes) == plan)
  }
}
