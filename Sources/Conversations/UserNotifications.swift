package import JSON
package import Postgres

/// Something that a seller or a moderator is told.
package struct UserNotification: Sendable {
  package var user: String
  package var kind: Kind
  /// What it is about: nobody hears of one thing twice.
  package var cause: String
  package var body: JSON

  package enum Kind: String, Sendable {
    case orderCreated = "order_created"
    case paymentReceived = "payment_received"
    case stockLow = "stock_low"
    case disputeOpened = "dispute_opened"
    case disputeAssigned = "dispute_assigned"
  }

  package init(to user: String, _ kind: Kind, about cause: String, body: JSON) {
    self.user = user
    self.kind = kind
    self.cause = cause
    self.body = body
  }
}

/// Rows of `notifications`, and the word to whoever shows them live.
package enum UserNotifications {
  /// The channel on which a commit names the users who have news.
  package static let channel = "crossdock_notifications"

  /// Queues the notifications within the caller's transaction, in the order of their key.
  package static func append(
    _ notifications: [UserNotification], on connection: Connection
  ) throws(PostgresError) {
    guard !notifications.isEmpty else { return }
    let sorted = notifications.sorted {
      ($0.user, $0.kind.rawValue, $0.cause) < ($1.user, $1.kind.rawValue, $1.cause)
    }
    _ = try connection.send(
      """
      WITH added AS (
        INSERT INTO notifications (user_id, kind, cause, body)
        SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::jsonb[])
        ON CONFLICT DO NOTHING RETURNING user_id
      )
      SELECT pg_notify($5, user_id) FROM (SELECT DISTINCT user_id FROM added) AS users
      """,
      [
        sorted.map(\.user), sorted.map(\.kind.rawValue), sorted.map(\.cause),
        sorted.map { JSONText($0.body.bytes) }, channel,
      ])
  }
}
