import EventStatus
import Postgres
import TestServers
import Testing
import Topology

/// Events that two consumers are bound to.
private struct Record {
  static let status = EventStatus(bindings: [("order.created", [.stockLedger, .messaging])])
  let connection: Connection

  static func with(_ body: @Sendable (Record) throws -> Void) async throws {
    try await TestDatabase.with { test in
      try body(Record(connection: try .open(test.url, name: "tests")))
    }
  }

  func store(
    _ ids: [String], type: String = "order.created", status: String = "published", source: String = "poll"
  ) throws {
    try connection.query(
      """
      INSERT INTO webhook_events (connection_id, event_id, event_type, source, message_id, payload, status,
        occurred_at)
      SELECT '6f1c0000-0000-4000-8000-000000000001', n.id, $2, $4, n.id, '{}', $3,
             '2026-01-01T12:00:00Z' FROM unnest($1::text[]) AS n(id)
      """, [ids, type, status, source])
  }

  func done(_ ids: [String], by consumer: String) throws {
    try connection.query(
      """
      INSERT INTO inbox (consumer, event_time, message_id)
      SELECT $2, '2026-01-01T12:00:00Z', n.id FROM unnest($1::text[]) AS n(id)
      """, [ids, consumer])
  }

  func failed(_ id: String, in queue: String, error: String = "broken") throws {
    try connection.query(
      """
      INSERT INTO event_failures (message_id, queue, error_class, error, attempts)
      VALUES ($1, $2, 'bad_data', $3, 2)
      """, [id, queue, error])
  }

  func requeued(_ id: String, in queue: String) throws {
    try connection.query(
      """
      INSERT INTO dead_letter_actions (queue, message_id, action, actor, created_at)
      VALUES ($1, $2, 'requeue', 'ann', clock_timestamp())
      """, [queue, id])
  }

  @discardableResult
  func look(from place: EventStatus.Place = .init()) throws -> EventStatus.Moved {
    try connection.transaction { try Self.status.move(from: place, on: $0) }
  }

  /// Status, error and retries by event.
  func statuses() throws -> [String: String] {
    let rows = try connection.query(
      """
      SELECT event_id, concat_ws(' ', status, processing_error, retry_count, processed_at IS NOT NULL)
        FROM webhook_events
      """)
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), $0.text(1)) })
  }
}

struct EventStatusTests {
  @Test func `an event is processed when every consumer that is bound to it is done`() async throws {
    try await Record.with { record in
      try record.store(["a", "b"])
      try record.store(["nobody"], type: "offer.ended")
      try record.store(["skipped"], status: "skipped")
      try record.done(["a", "b"], by: "stock-ledger")
      try record.done(["a"], by: "messaging")
      try record.done(["b"], by: "disputes")
      #expect(try record.look().moved == 2)
      #expect(
        try record.statuses() == [
          "a": "processed 0 t", "b": "published 0 f", "nobody": "processed 0 t", "skipped": "skipped 0 f",
        ])
    }
  }

  @Test func `an event is failed while a dead letter holds it, and processed in the end`() async throws {
    try await Record.with { record in
      try record.store(["a"])
      try record.done(["a"], by: "stock-ledger")
      try record.failed("a", in: "messaging")
      try record.look()
      #expect(try record.statuses() == ["a": "failed broken 2 f"])
      #expect(try record.look().moved == 0)
      try record.requeued("a", in: "messaging")
      try record.look()
      #expect(try record.statuses() == ["a": "published 2 f"])
      try record.done(["a"], by: "messaging")
      try record.look()
      #expect(try record.statuses() == ["a": "processed 2 t"])
      #expect(try record.connection.query("SELECT FROM event_failures").count == 0)
    }
  }

  @Test func `what became of a webhook is activity, with the time it took`() async throws {
    try await Record.with { record in
      try record.store(["hook", "bad"], source: "webhook")
      try record.store(["polled"])
      for consumer in ["stock-ledger", "messaging"] { try record.done(["hook", "polled"], by: consumer) }
      try record.failed("bad", in: "messaging")
      try record.look()
      let noted = try record.connection.query(
        """
        SELECT kind || ' ' || (body->>'eventId') || ' ' || coalesce(body->>'error', '-') FROM activity_log
         WHERE duration_ms >= 0 ORDER BY id
        """)
      #expect(Set(noted.map { $0.text(0) }) == ["webhook.processed hook -", "webhook.failed bad broken"])
    }
  }

  @Test func `a letter that dies again after its requeue is a failure again`() async throws {
    try await Record.with { record in
      try record.store(["a"])
      try record.requeued("a", in: "messaging")
      try record.failed("a", in: "messaging")
      try record.requeued("a", in: "stock-ledger")
      try record.look()
      #expect(try record.statuses() == ["a": "failed broken 2 f"])
    }
  }

  @Test func `pages follow each other and begin anew after the last`() async throws {
    try await Record.with { record in
      let ids = (1...EventStatus.pageSize + 5).map { "e-\($0)" }
      try record.store(ids)
      let first = try record.look()
      #expect(first.moved == 0 && first.next.published > 0)
      try record.done(ids, by: "stock-ledger")
      try record.done(ids, by: "messaging")
      let second = try record.look(from: first.next)
      #expect(second.moved == 5 && second.next == EventStatus.Place())
      #expect(try record.look(from: second.next).moved == EventStatus.pageSize)
    }
  }

  @Test func `a look keeps to the unsettled however many are settled`() async throws {
    try await Record.with { record in
      try record.connection.query(
        """
        INSERT INTO webhook_events (connection_id, event_id, event_type, source, message_id, payload, status,
          occurred_at)
        SELECT '6f1c0000-0000-4000-8000-000000000001', 'old-' || n, 'order.created', 'poll', 'old-' || n, '{}',
               'processed', '2026-01-01T12:00:00Z' FROM generate_series(1, 20000) AS n
        """)
      try record.store(["new"])
      try record.connection.query("ANALYZE webhook_events")
      let plan = try record.connection.query(
        """
        EXPLAIN SELECT id FROM webhook_events WHERE status = 'published' AND id > 0 ORDER BY id LIMIT 2000
        """
      ).map { $0.text(0) }.joined(separator: "\n")
      #expect(plan.contains("webhook_events_published"))
    }
  }
}
