package import Postgres

package import struct Foundation.UUID

/// The allowance of calls of one connection: a token bucket in Postgres that every worker draws from.
package struct CallBucket: Sendable {
  let connectionId: UUID
  let allowance: Allowance

  /// Calls per second that come back, and how many can be saved up.
  package struct Allowance: Sendable, Equatable {
    package var rate: Double
    package var burst: Double

    package init(rate: Double, burst: Double) {
      self.rate = rate
      self.burst = burst
    }
  }

  package enum Grant: Sendable, Equatable {
    case granted
    /// Nothing was taken; there will be enough after this long.
    case wait(Duration)
  }

  package init(connectionId: UUID, allowance: Allowance) {
    self.connectionId = connectionId
    self.allowance = allowance
  }

  /// Takes `cost` tokens if they are there and `reserve` is left. One statement decides, on the database's clock.
  package func take(_ cost: Double = 1, leaving reserve: Double = 0, on connection: Connection) throws
    -> Grant
  {
    if let grant = try attempt(cost, reserve, on: connection) { return grant }
    try connection.query(
      """
      INSERT INTO call_buckets (connection_id, tokens, rate, burst) VALUES ($1, $3, $2, $3)
      ON CONFLICT DO NOTHING
      """, [connectionId, allowance.rate, allowance.burst])
    return try attempt(cost, reserve, on: connection) ?? .wait(.seconds(1))
  }

  private func attempt(_ cost: Double, _ reserve: Double, on connection: Connection) throws -> Grant? {
    // The row lock is taken in the CTE, so the clock is read after the wait for it.
    let rows = try connection.query(
      """
      WITH held AS MATERIALIZED (
        SELECT connection_id, tokens, updated_at, blocked_until FROM call_buckets
        WHERE connection_id = $1 FOR UPDATE
      ), filled AS MATERIALIZED (
        SELECT h.connection_id, t.now, h.blocked_until,
               least($3, h.tokens + greatest(0, extract(epoch FROM t.now - h.updated_at)::float8) * $2) AS tokens
        FROM held h, LATERAL (SELECT clock_timestamp() AS now WHERE h.connection_id IS NOT NULL) t
      ), decided AS MATERIALIZED (
        SELECT f.*, coalesce(f.blocked_until > f.now, false) AS blocked,
               f.tokens >= $4 + $5 AND NOT coalesce(f.blocked_until > f.now, false) AS granted
        FROM filled f
      )
      UPDATE call_buckets b
      SET tokens = CASE WHEN d.granted THEN d.tokens - $4 ELSE d.tokens END,
          rate = $2, burst = $3, updated_at = d.now
      FROM decided d WHERE b.connection_id = d.connection_id
      RETURNING d.granted,
        greatest(CASE WHEN d.blocked THEN extract(epoch FROM d.blocked_until - d.now)::float8 ELSE 0 END,
                 ($4 + $5 - d.tokens) / $2)
      """, [connectionId, allowance.rate, max(allowance.burst, cost + reserve), cost, reserve])
    return rows.first.map { row in
      row.bool(0) ? .granted : .wait(.milliseconds(Int64(min(max(row.double(1), 0), 86_400) * 1_000) + 1))
    }
  }

  /// Stops all calls for a time, because the marketplace said so; a longer stop stays.
  package func block(for duration: Duration, on connection: Connection) throws {
    let (seconds, attoseconds) = duration.components
    try connection.query(
      """
      INSERT INTO call_buckets (connection_id, tokens, rate, burst, blocked_until)
      VALUES ($1, 0, $2, $3, clock_timestamp() + make_interval(secs => $4))
      ON CONFLICT (connection_id) DO UPDATE
      SET tokens = 0, blocked_until = greatest(call_buckets.blocked_until, excluded.blocked_until)
      """, [connectionId, allowance.rate, allowance.burst, Double(seconds) + Double(attoseconds) / 1e18])
  }
}
