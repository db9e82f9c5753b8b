import Events
import Postgres

/// The orders that a run brought, while somebody waits for what becomes of them.
enum PollRunOrders {
  /// Notes the orders among a run's events, within the transaction that publishes them.
  static func expect(_ events: [Event], of run: Int64, on connection: Connection) throws(PostgresError) {
    let orders = events.filter { if case .order = $0.subjectData { true } else { false } }
    guard !orders.isEmpty else { return }
    _ = try connection.send(
      """
      INSERT INTO poll_run_orders (message_id, run_id)
      SELECT DISTINCT n.id, $2 FROM unnest($1::text[]) AS n(id) ORDER BY n.id
      ON CONFLICT (message_id) DO UPDATE SET run_id = excluded.run_id
      """, [orders.map(\.id), run])
  }

  /// Forgets what was noted more than a day ago, within the caller's transaction.
  static func forgetOld(on connection: Connection) throws(PostgresError) {
    _ = try connection.send("DELETE FROM poll_run_orders WHERE created_at < now() - interval '1 day'")
  }
}
