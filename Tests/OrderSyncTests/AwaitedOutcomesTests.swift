import Postgres
import Testing

struct AwaitedOutcomesTests {
  @Test func `whoever waits for a poll's orders is told what became of each`() async throws {
    try await SyncSession.with { session in
      let created = Versions.event(10, id: "one")
      try session.connection.query(
        "INSERT INTO poll_run_orders (message_id, run_id) SELECT unnest($1::text[]), 5",
        [["one", "two", "other"]])
      try session.run([created])
      try session.run([Versions.event(10, id: "two")])
      let rows = try session.connection.query(
        "SELECT message_id, coalesce(outcome, '-') FROM poll_run_orders ORDER BY message_id")
      #expect(rows.map { $0.text(0) + " " + $0.text(1) } == ["one created", "other -", "two unchanged"])
    }
  }
}
