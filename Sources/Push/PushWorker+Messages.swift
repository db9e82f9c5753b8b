import JSON
import Lane
import Logging
import Marketplaces
import Postgres

import struct Foundation.UUID

/// A message to a buyer that is on its way, held by this worker alone.
struct PendingMessage: Sendable {
  /// Longer than the calls of one delivery can take.
  private static let lease = 60.0

  var id: Int
  var connectionId: UUID
  var message: BuyerMessage

  enum Claimed: Sendable {
    case claim(PendingMessage)
    /// It is delivered, or is not to be.
    case none
    /// Another worker is at it.
    case busy
  }

  /// Takes the message and notes the attempt before it is made, so that a repetition knows of it.
  static func claim(_ id: Int, on connection: Connection) throws -> Claimed {
    let rows = try connection.query(
      """
      WITH held AS (
        SELECT id, attempted_at FROM order_messages
         WHERE id = $1 AND delivery_status = 'pending' AND body IS NOT NULL
           AND (lease_until IS NULL OR lease_until < clock_timestamp())
           FOR UPDATE)
      UPDATE order_messages m
         SET lease_until = clock_timestamp() + make_interval(secs => $2),
             attempted_at = coalesce(m.attempted_at, clock_timestamp())
        FROM held, order_conversations c
       WHERE m.id = held.id AND c.id = m.conversation_id
      RETURNING c.connection_id, c.external_order_id, m.body, held.attempted_at
      """, [id, lease])
    if let row = rows.first {
      return .claim(
        PendingMessage(
          id: id, connectionId: row.uuid(0),
          message: BuyerMessage(orderId: row.text(1), text: row.text(2), triedAt: row.optionalTimestamp(3))))
    }
    let held = try connection.query(
      "SELECT FROM order_messages WHERE id = $1 AND delivery_status = 'pending' AND body IS NOT NULL", [id])
    return held.count == 0 ? .none : .busy
  }

  func close(_ status: String, error: String? = nil, on connection: Connection) throws {
    try connection.query(
      """
      UPDATE order_messages
         SET delivery_status = $2, delivery_error = $3, lease_until = NULL,
             delivered_at = CASE WHEN $2 = 'delivered' THEN clock_timestamp() END
       WHERE id = $1 AND delivery_status = 'pending'
      """, [id, status, error.map { String($0.prefix(1_000)) }])
  }

  /// The attempt has failed, and there will be another. `mayHaveArrived`: nobody knows whether it did.
  func release(error: String, mayHaveArrived: Bool, on connection: Connection) throws {
    try connection.query(
      """
      UPDATE order_messages
         SET lease_until = NULL, delivery_error = $2, attempted_at = CASE WHEN $3 THEN attempted_at END
       WHERE id = $1 AND delivery_status = 'pending'
      """, [id, String(error.prefix(1_000)), mayHaveArrived])
  }
}

extension PushWorker {
  /// Delivers a message to the buyer of an order. What the marketplace has no way for stays stored.
  func deliver(_ id: Int, attempts: Int) async throws -> Disposition {
    switch try await database.transaction({ try PendingMessage.claim(id, on: $0) }) {
    case .none: return .ack
    case .busy:
      return .delay(
        Failure(.busy, place: "lease", "another worker delivers the message"), notBefore: .seconds(2))
    case .claim(let message): return try await deliver(message, attempts: attempts)
    }
  }

  private func deliver(_ pending: PendingMessage, attempts: Int) async throws -> Disposition {
    guard let account = try await connections.find(pending.connectionId) else {
      return try await close(pending, "stored", error: "the connection is gone")
    }
    if account.mode == .shadow {
      try await database.transaction { connection in
        try Shadow.note(
          .message, of: pending.connectionId, target: pending.message.orderId,
          ["body": .string(pending.message.text)], on: connection)
        try pending.close("shadow", on: connection)
      }
      return .ack
    }
    let started = ContinuousClock.now
    do {
      let adapter = try adapters.adapter(for: account)
      try await PatientCalls.run { try await adapter.send(pending.message) }
      count("message")
      return try await close(pending, "delivered", since: started)
    } catch let error as MarketplaceError {
      return try await failed(pending, error, attempts: attempts, since: started)
    }
  }

  private func failed(
    _ pending: PendingMessage, _ error: MarketplaceError, attempts: Int,
    since started: ContinuousClock.Instant
  ) async throws -> Disposition {
    switch error {
    case .unsupported(let why): return try await close(pending, "stored", error: why, since: started)
    // An order that was merged into another: there is nobody to write to about it, and no repetition helps.
    case .notFound: return try await close(pending, "failed", error: error.description, since: started)
    default: break
    }
    // One that only waits for its turn is told of by the lane that puts it off.
    let level = error.isOnlyAWait ? Logger.Level.debug : .warning
    logger.log(
      level: level, "a message could not be delivered: \(error)", metadata: ["message": "\(pending.id)"])
    let rules = PushRules(on: error)
    if rules.isLast(attempts: attempts, of: maxAttempts) {
      _ = try await close(pending, "failed", error: error.description, since: started)
    } else {
      let mayHaveArrived = rules.mayHaveLanded || pending.message.triedAt != nil
      let activity = activity(pending, "retried", error.description, since: started)
      try await database.transaction { connection in
        try pending.release(error: error.description, mayHaveArrived: mayHaveArrived, on: connection)
        try activity.note(on: connection)
      }
    }
    return rules.disposition
  }

  private func close(
    _ pending: PendingMessage, _ status: String, error: String? = nil,
    since started: ContinuousClock.Instant? = nil
  ) async throws -> Disposition {
    let activity = activity(pending, status, error, since: started)
    try await database.transaction { connection in
      try pending.close(status, error: error, on: connection)
      try activity.note(on: connection)
    }
    return .ack
  }

  private func activity(
    _ pending: PendingMessage, _ outcome: String, _ error: String?, since started: ContinuousClock.Instant?
  ) -> PushActivity {
    PushActivity(
      kind: .message, connection: pending.connectionId, outcome: outcome, since: started,
      details: [
        "messageId": .integer(pending.id), "orderId": .string(pending.message.orderId), "error": .text(error),
      ])
  }
}

extension MarketplaceError {
  fileprivate var isOnlyAWait: Bool {
    switch self {
    case .rateLimited, .breakerOpen: true
    default: false
    }
  }
}
