import Desk
import Postgres
import Testing
import Time
import Topology

struct MaintenanceTests {
  @Test func `a partition is over when its last row is older than what is kept`() {
    let now = Timestamp("2026-03-10T15:00:00Z") ?? .epoch
    let cutoff = Retention.cutoff(days: 7, at: now)
    #expect(cutoff.description == "2026-03-03T00:00:00Z")
    #expect(Partition("inbox_20260302", of: "inbox")?.isOver(before: cutoff) == true)
    #expect(Partition("inbox_20260303", of: "inbox")?.isOver(before: cutoff) == false)
    #expect(Partition("stock_history_20260201", of: "stock_history")?.isOver(before: cutoff) == true)
    #expect(Partition("stock_history_20260301", of: "stock_history")?.isOver(before: cutoff) == false)
    #expect(
      Partition("stock_history_20251201", of: "stock_history")?.end.description == "2026-01-01T00:00:00Z")
    for name in ["inbox_default", "inbox_2026", "inbox_20261301", "outbox_20260101"] {
      #expect(Partition(name, of: "inbox") == nil)
    }
  }

  @Test func `old partitions are dropped, and ids in living dead letters stay known`() async throws {
    try await Place.with { (place) throws in
      let connection = try place.openDatabase()
      try connection.query(
        """
        SELECT ensure_partitions_of('inbox', 'event_time', '2020-01-01', '2020-01-02', '1 day'),
               ensure_partitions_of('outbox', 'created_at', '2020-01-01', '2020-01-02', '1 day')
        """)
      try connection.query(
        """
        INSERT INTO inbox (consumer, event_time, message_id)
        VALUES ('stock-ledger', '2020-01-01T12:00:00Z', 'living'), ('order-sync', '2020-01-01T12:00:00Z', 'living'),
               ('stock-ledger', '2020-01-01T12:00:00Z', 'gone')
        """)
      try connection.query(
        "INSERT INTO outbox (created_at, count, messages) VALUES ('2020-01-02T12:00:00Z', 1, '')")
      try place.bury(["living"])
      let first = try #require(try place.desk.maintain(Retention()))
      #expect(first.dropped.sorted() == ["inbox_20200101", "inbox_20200102", "outbox_20200101"])
      #expect(first.carried == 1 && first.left.count == 1)
      #expect(
        first.left.first?.hasPrefix("outbox_20200102: it holds messages that are not published") == true)
      let kept = try connection.query("SELECT consumer, message_id FROM inbox")
      #expect(kept.map { $0.text(0) } == ["stock-ledger"] && kept.first?.text(1) == "living")
      try connection.query("UPDATE outbox SET published_at = now()")
      #expect(try place.desk.maintain(Retention())?.dropped == ["outbox_20200102"])
      #expect(try place.desk.maintain(Retention())?.dropped == [])
      #expect(try place.desk.letters(Selection()).map(\.id) == ["living"])
    }
  }

  @Test func `only one maintains at a time`() async throws {
    try await Place.with { (place) throws in
      let other = try place.openDatabase()
      try other.query(
        "SELECT pg_advisory_lock(hashtextextended('crossdock maintenance of ' || current_schema(), 0))")
      #expect(try place.desk.maintain(Retention()) == nil)
    }
  }
}
