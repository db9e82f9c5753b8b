package import Postgres
import Time

package import struct Foundation.UUID

/// The breakers of one connection in Postgres, shared by every worker.
package struct BreakerStore: Sendable {
  let connectionId: UUID

  package init(connectionId: UUID) {
    self.connectionId = connectionId
  }

  /// Whether any failure is noted, and the refusal of the first breaker that doesn't admit a call; a probe is
  /// claimed on the way.
  package func look(on connection: Connection) throws -> (troubled: Bool, refusal: MarketplaceError?) {
    let looked = try connection.query(
      "SELECT open_until IS NOT NULL FROM breakers WHERE connection_id = $1", [connectionId])
    guard looked.contains(where: { $0.bool(0) }) else { return (looked.count > 0, nil) }
    return (true, try refusal(on: connection))
  }

  private func refusal(on connection: Connection) throws -> MarketplaceError? {
    try connection.transaction { connection in
      for (errorClass, breaker, now) in try load(nil, on: connection) {
        var decided = breaker
        switch decided.admit(at: now) {
        case .admitted: continue
        case .probe: try save(decided, errorClass, on: connection)
        case .refused(let remaining) where errorClass == .rateLimited:
          return .rateLimited(retryAfter: remaining)
        case .refused(let remaining): return .breakerOpen(errorClass, remaining: remaining)
        }
      }
      return nil
    }
  }

  /// Counts a failure of a class that tells about the connection's health.
  package func failed(_ errorClass: ErrorClass, on connection: Connection) throws {
    guard let policy = Breaker.Policy.of(errorClass) else { return }
    try connection.transaction { connection in
      try connection.query(
        "INSERT INTO breakers (connection_id, error_class) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        [connectionId, errorClass.rawValue])
      for (errorClass, breaker, now) in try load(errorClass, on: connection) {
        var decided = breaker
        decided.failed(at: now, policy: policy)
        try save(decided, errorClass, on: connection)
      }
    }
  }

  /// Closes them all.
  package func succeeded(on connection: Connection) throws {
    try connection.query("DELETE FROM breakers WHERE connection_id = $1", [connectionId])
  }

  private func load(
    _ only: ErrorClass?, on connection: Connection
  ) throws -> [(ErrorClass, Breaker, now: Timestamp)] {
    let rows = try connection.query(
      """
      SELECT error_class, failures, opened_at, open_until, probe_until, clock_timestamp() FROM breakers
      WHERE connection_id = $1 AND ($2::text IS NULL OR error_class = $2) ORDER BY error_class FOR UPDATE
      """, [connectionId, only?.rawValue])
    return rows.compactMap { row in
      guard let errorClass = ErrorClass(rawValue: row.text(0)) else { return nil }
      let breaker = Breaker(
        failures: row.int(1), openedAt: row.optionalTimestamp(2), openUntil: row.optionalTimestamp(3),
        probeUntil: row.optionalTimestamp(4))
      return (errorClass, breaker, row.timestamp(5))
    }
  }

  private func save(_ breaker: Breaker, _ errorClass: ErrorClass, on connection: Connection) throws {
    try connection.query(
      """
      UPDATE breakers SET failures = $3, opened_at = $4, open_until = $5, probe_until = $6
      WHERE connection_id = $1 AND error_class = $2
      """,
      [
        connectionId, errorClass.rawValue, breaker.failures, breaker.openedAt, breaker.openUntil,
        breaker.probeUntil,
      ])
  }
}
