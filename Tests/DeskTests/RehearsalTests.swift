import Desk
import Events
import Lane
import Postgres
import Testing
import Time
import Topology

/// A message of the tests' own: its body says what becomes of it.
struct Note: Keyed, Sendable {
  var id: String
  var time = Timestamp("2026-01-01T12:00:00Z") ?? .epoch
  var text: String
}

/// Writes every note into a table, refuses the bad, and sends the early away.
struct NoteTaker: Consumer {
  let queue = Queue.stockLedger

  func decode(_ body: UnsafeRawBufferPointer) throws(EventError) -> Note {
    let text = String(decoding: body, as: UTF8.self)
    guard let id = text.split(separator: " ").first else { throw EventError("an empty note") }
    return Note(id: String(id), text: text)
  }

  mutating func prepare(_ messages: [Note], on connection: Connection) throws {
    try connection.query(
      "CREATE TABLE IF NOT EXISTS notes (id text PRIMARY KEY, text text CHECK (text !~ 'bad'))")
  }

  mutating func apply(_ batch: Batch<Note>, on connection: Connection) throws -> [Int: Disposition] {
    let fresh = try batch.claimed().map { batch.messages[$0] }
    _ = try connection.send(
      "INSERT INTO notes SELECT * FROM unnest($1::text[], $2::text[])", [fresh.map(\.id), fresh.map(\.text)])
    let early = batch.messages.indices.filter { batch.messages[$0].text.contains("early") }
    return Dictionary(
      uniqueKeysWithValues: early.map { ($0, .delay(Failure(.unavailable, place: "test", "too early"))) })
  }
}

struct RehearsalTests {
  @Test func `a rehearsal says what would become of each letter, and changes nothing`() async throws {
    try await Place.with { (place) throws in
      let ids = (0..<40).map { "n\($0)" }
      try place.bury(
        ids.map { id in
          .init(
            id: id, body: id == "n7" ? "n7 bad" : id == "n9" ? "n9 early" : id == "n11" ? "" : "\(id) fine")
        })
      let connection = try place.openDatabase()
      try connection.query(
        "INSERT INTO inbox (consumer, event_time, message_id) VALUES ('stock-ledger', '2026-01-01T12:00:00Z', 'n3')"
      )
      for _ in 1...2 {
        var verdicts: [String: Verdict] = [:]
        try place.desk.rehearse(Selection(), with: [Rehearser(.stockLedger) { NoteTaker() }]) {
          verdicts[$0.id] = $1
        }
        #expect(verdicts.count == 40 && verdicts.values.count { $0 == .passes } == 36)
        #expect(verdicts["n3"] == .hadItsEffect)
        #expect(verdicts["n7"]?.name == "dies" && verdicts["n7"]?.failure?.errorClass == .badData)
        #expect(verdicts["n9"]?.name == "comes_again" && verdicts["n11"]?.name == "dies")
      }
      #expect(try connection.query("SELECT FROM inbox").count == 1)
      #expect(try connection.query("SELECT to_regclass('notes')").first?.isNull(0) == true)
      let plan = try place.desk.plan(
        .requeue, of: Selection(), passing: [Rehearser(.stockLedger) { NoteTaker() }],
        by: Warrant(actor: "tests"))
      #expect(plan.letters.count == 37)
    }
  }

  @Test func `nobody says anything about letters of a queue without a rehearser`() async throws {
    try await Place.with { (place) throws in
      try place.bury(["a"])
      var report = RehearsalReport()
      try place.desk.rehearse(Selection(), with: []) { report.add($0, $1) }
      #expect(report.sorted.map(\.unknown) == [1])
    }
  }
}
