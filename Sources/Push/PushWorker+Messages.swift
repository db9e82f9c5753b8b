import JSON
import Lane
import Logging
import Marketplaces
import Postgres

import struct Foundation.UUID

/// A message to a buyer that is on its way.
struct BuyerMessage: Sendable {
  var id: Int
  var connectionId: UUID
  var orderId: String
  var body: String

  /// nil for one that is delivered, or is not to be.
  static func pending(_ id: Int, on connection: Connection) throws -> BuyerMessage? {
    let rows = try connection.query(
      """
      SELECT c.connection_id, c.external_order_id, m.body
        FROM order_messages m JOIN order_conversations c ON c.id = m.conversation_id
       WHERE m.id = $1 AND m.delivery_status = 'pending' AND m.body IS NOT NULL
      """, [id])
    return rows.first.map {
      BuyerMessage(id: id, connectionId: $0.uuid(0), orderId: $0.text(1), body: $0.text(2))
    }
  }

  func close(_ status: String, error: String? = nil, on connection: Connection) throws {
    try connection.query(
      """
      UPDATE order_messages
         SET delivery_status = $2, delivery_error = $3,
             delivered_at = CASE WHEN $2 = 'delivered' THEN clock_timestamp() END
       WHERE id = $1 AND delivery_status = 'pending'
      """, [id, status, error.map { String($0.prefix(1_000)) }])
  }
}

extension PushWorker {
  /// Delivers a message to the buyer of an order. What the marketplace has no way for stays stored.
  func deliver(_ id: Int, attempts: Int) async throws -> Disposition {
    guard let message = try await database.withConnection({ try BuyerMessage.pending(id, on: $0) }) else {
      return .ack
    }
    guard let account = try await connections.find(message.connectionId) else {
      return try await close(message, "stored", error: "the connection is gone")
    }
    if account.mode == .shadow {
      try await database.transaction { connection in
        try Shadow.note(
          .message, of: message.connectionId, target: message.orderId, ["body": .string(message.body)],
          on: connection)
        try message.close("shadow", on: connection)
      }
      return .ack
    }
    do {
      try await adapters.adapter(for: account).send(
        message: message.body, toBuyerOf: message.orderId, idempotencyKey: "message/\(message.id)")
      count("message")
      return try await close(message, "delivered")
    } catch let error as MarketplaceError {
      if case .unsupported(let why) = error { return try await close(message, "stored", error: why) }
      let rules = PushRules(on: error)
      if rules.isLast(attempts: attempts, of: maxAttempts) {
        _ = try await close(message, "failed", error: error.description)
      }
      logger.warning("a message could not be delivered: \(error)", metadata: ["message": "\(message.id)"])
      return rules.disposition
    }
  }

  private func close(
    _ message: BuyerMessage, _ status: String, error: String? = nil
  ) async throws -> Disposition {
    try await database.withConnection { try message.close(status, error: error, on: $0) }
    return .ack
  }
}
