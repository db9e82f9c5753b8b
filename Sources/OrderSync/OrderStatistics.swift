import Foundation
import Metrics
import Postgres

/// What the order events of a batch came to, by connection.
struct OrderStatistics {
  private var counts: [UUID: OutcomeCounts] = [:]

  mutating func add(_ outcome: Outcome, of connection: UUID) {
    counts[connection, default: OutcomeCounts()][outcome] += 1
  }

  var total: OutcomeCounts { counts.values.reduce(OutcomeCounts(), +) }

  /// Queues the addition to the totals. It is the last statement before the commit, because every lane that works
  /// for a connection waits here.
  func send(on connection: Connection) throws(PostgresError) {
    guard !counts.isEmpty else { return }
    let connections = counts.keys.sorted()
    func column(_ outcome: Outcome) -> [Int] { connections.map { counts[$0]?[outcome] ?? 0 } }
    _ = try connection.send(
      """
      INSERT INTO order_statistics AS s (connection_id, created, updated, cancelled, skipped, unchanged, errors)
      SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
                           $7::bigint[])
      ON CONFLICT (connection_id) DO UPDATE SET
        created = s.created + excluded.created, updated = s.updated + excluded.updated,
        cancelled = s.cancelled + excluded.cancelled, skipped = s.skipped + excluded.skipped,
        unchanged = s.unchanged + excluded.unchanged, errors = s.errors + excluded.errors, updated_at = now()
      """,
      [
        connections, column(.created), column(.updated), column(.cancelled), column(.skipped),
        column(.unchanged), column(.error),
      ])
  }
}

/// The process's counters of what order events came to, `crossdock_orders_created` and so on. A batch that is run
/// again counts again: the exact totals are those in `order_statistics`.
struct OrderMetrics {
  private let counters = Outcome.allCases.map { ($0, Counter(label: Self.label(of: $0))) }

  func record(_ counts: OutcomeCounts) {
    for (outcome, counter) in counters where counts[outcome] > 0 { counter.increment(by: counts[outcome]) }
  }

  private static func label(of outcome: Outcome) -> String {
    switch outcome {
    case .created: "crossdock_orders_created"
    case .updated: "crossdock_orders_updated"
    case .cancelled: "crossdock_orders_cancelled"
    case .skipped: "crossdock_orders_skipped"
    case .unchanged: "crossdock_orders_unchanged"
    case .error: "crossdock_orders_errors"
    }
  }
}
