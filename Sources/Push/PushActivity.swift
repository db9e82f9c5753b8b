import JSON
import Postgres

import struct Foundation.UUID

/// The record of what was written to a marketplace and how long it took (`activity_log`).
struct PushActivity: Sendable {
  enum Kind: String, Sendable {
    case quantity = "push.quantity"
    case message = "push.message"
  }

  let kind: Kind
  let connection: UUID
  private let body: JSON
  private let milliseconds: Int?

  /// `since`: when the calls began; nil when there were none.
  init(
    kind: Kind, connection: UUID, outcome: String, since started: ContinuousClock.Instant?, details: JSON
  ) {
    self.kind = kind
    self.connection = connection
    var body = details
    body["outcome"] = .string(outcome)
    self.body = body
    milliseconds = started.map { Int((ContinuousClock.now - $0) / .milliseconds(1)) }
  }

  /// Notes it within the transaction of its effects; it concerns the connection's owner.
  func note(on session: Connection) throws {
    _ = try session.query(
      """
      INSERT INTO activity_log (connection_id, user_id, kind, body, duration_ms)
      SELECT $1, (SELECT user_id FROM platform_connections WHERE id = $1), $2, $3, $4
      """, [connection, kind.rawValue, JSONText(body.bytes), milliseconds])
  }
}
