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
      var probes: [(ErrorClass, Breaker)] = []
      for (errorClass, breaker, now) in try load(on: connection) {
        var decided = breaker
        switch decided.admit(at: now) {
        case .admitted: continue
        case .probe: probes.append((errorClass, decided))
        case .refused(let remaining) where errorClass == .rateLimited:
          return .rateLimited(retryAfter: remaining)
        case .refused(let remaining): return .breakerOpen(errorClass, remaining: remaining)
        }
      }
      // Only now the call is sure to be made: a claim without a call would keep everybody waiting.
      for (errorClass, breaker) in probes { try save(breaker, errorClass, on: connection) }
      return nil
    }
  }

  /// Counts a failure where its class tells about the connection's health. What the call was a probe for is as unknown
  /// as before: the next one may look.
  package func failed(_ failure: MarketplaceError, on connection: Connection) throws {
    let policy = failure.isLimitWithTime ? nil : Breaker.Policy.of(failure.errorClass)
    try connection.transaction { connection in
      if policy != nil {
        try connection.query(
          "INSERT INTO breakers (connection_id, error_class) VALUES ($1, $2) ON CONFLICT DO NOTHING",
          [connectionId, failure.errorClass.rawValue])
      }
      for (errorClass, breaker, now) in try load(on: connection) {
        var decided = breaker
        if let policy, errorClass == failure.errorClass {
          decided.failed(at: now, policy: policy)
        } else {
          decided.probeUntil = nil
        }
        if decided != breaker { try save(decided, errorClass, on: connection) }
      }
    }
  }

  /// Closes them all.
  package func succeeded(on connection: Connection) throws {
    try connection.query("DELETE FROM breakers WHERE connection_id = $1", [connectionId])
  }

  private func load(on connection: Connection) throws -> [(ErrorClass, Breaker, now: Timestamp)] {
    let rows = try connection.query(
      """
      SELECT error_class, failures, opened_at, open_until, probe_until, clock_timestamp() FROM breakers
      WHERE connection_id = $1 ORDER BY error_class FOR UPDATE
      """, [connectionId])
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

extension MarketplaceError {
  /// A limit that says for how long it holds: the bucket waits for it, and no breaker has to.
  fileprivate var isLimitWithTime: Bool {
    if case .rateLimited(_?) = self { true } else { false }
  }
}
