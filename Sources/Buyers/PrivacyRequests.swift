import JSON
package import Logging
package import Postgres
package import ServiceLifecycle

import struct Foundation.UUID

/// Does what Shopify's privacy webhooks ask: a buyer's data is erased (`customers/redact`), a shop's whole
/// (`shop/redact`), or its owner is told that somebody wants to see theirs (`customers/data_request`), which
/// `crossdock buyers export` prints.
///
/// Any number may run: a request is done once, in a transaction with its effect.
package struct PrivacyRequests: Service {
  private let database: Database
  private let pause: Duration
  private let logger: Logger

  package init(database: Database, pause: Duration = .seconds(60), logger: Logger) {
    self.database = database
    self.pause = pause
    self.logger = logger
  }

  package func run() async throws {
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      do { while try await tick() {} } catch { logger.warning("requests about buyers' data wait: \(error)") }
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
    }
  }

  /// Does the oldest request; false when there is none.
  package func tick() async throws -> Bool {
    try await database.transaction { connection in
      let row = try connection.query(
        """
        SELECT e.id, e.connection_id, e.event_type, e.payload FROM webhook_events e
         WHERE e.event_type IN ('customers/data_request', 'customers/redact', 'shop/redact')
           AND e.processed_at IS NULL ORDER BY e.id LIMIT 1 FOR UPDATE SKIP LOCKED
        """
      ).first
      guard let row else { return false }
      let (id, account, topic) = (row.int(0), row.uuid(1), row.text(2))
      let payload = (try? JSON.parse(row.bytes(3))) ?? .null
      let rows: Int
      switch topic {
      case "customers/redact":
        rows = try Self.buyer(in: payload, of: account, on: connection).erase(on: connection)
      case "shop/redact": rows = try BuyerData.eraseAll(of: account, on: connection)
      default:
        rows = 0
        try Self.tell(payload, of: account, request: id, on: connection)
      }
      // The request itself names the person.
      let kept = topic == "customers/data_request" ? payload : ["erased": true]
      try connection.query(
        "UPDATE webhook_events SET status = 'processed', processed_at = now(), payload = $2 WHERE id = $1",
        [id, JSONText(kept.bytes)])
      try Self.log(topic, rows: rows, of: account, on: connection)
      return true
    }
  }

  /// By the orders that the request names, by the customer's id and by the address.
  private static func buyer(
    in payload: JSON, of account: UUID, on connection: Connection
  ) throws -> BuyerData {
    let named = (payload["orders_to_redact"].array + payload["orders_requested"].array).compactMap(\.text)
    var data = BuyerData(orders: named.map { .init(connectionId: account, externalId: $0) })
    for name in [payload["customer"]["id"].text, payload["customer"]["email"].text].compactMap({ $0 }) {
      data.add(try BuyerData.find(buyer: name, connectionId: account, on: connection))
    }
    return data
  }

  private static func tell(
    _ payload: JSON, of account: UUID, request: Int, on connection: Connection
  ) throws {
    let body: JSON = [
      "connection_id": .string(account.uuidString.lowercased()), "customer": payload["customer"],
      "orders": payload["orders_requested"],
    ]
    try connection.query(
      """
      INSERT INTO notifications (user_id, kind, cause, body)
      SELECT user_id, 'privacy.data_request', $2::text, $3 FROM platform_connections WHERE id = $1
      ON CONFLICT DO NOTHING
      """, [account, "\(request)", JSONText(body.bytes)])
  }

  private static func log(_ topic: String, rows: Int, of account: UUID, on connection: Connection) throws {
    let body: JSON = ["request": .string(topic), "rows": .integer(rows)]
    try connection.query(
      """
      INSERT INTO activity_log (connection_id, user_id, kind, body)
      SELECT id, user_id, 'privacy.request', $2 FROM platform_connections WHERE id = $1
      """, [account, JSONText(body.bytes)])
  }
}
