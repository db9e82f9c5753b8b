import Events
import Postgres

/// What the orders of a batch came to, told to whoever waits for the polls that brought them (`poll_run_orders`).
struct AwaitedOutcomes {
  private var ids: [String] = []
  private var outcomes: [String] = []

  mutating func add(_ outcome: Outcome, of event: Event) {
    ids.append(event.id)
    outcomes.append(outcome.word)
  }

  /// Queues the note. Hardly ever does anybody wait: then the table is empty and the look-ups end at its root.
  func send(on connection: Connection) throws(PostgresError) {
    guard !ids.isEmpty else { return }
    _ = try connection.send(
      """
      UPDATE poll_run_orders r SET outcome = n.outcome
        FROM unnest($1::text[], $2::text[]) AS n(id, outcome)
       WHERE r.message_id = n.id AND r.outcome IS NULL
      """, [ids, outcomes])
  }
}
