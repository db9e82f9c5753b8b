import Conversations
import Events
import Foundation
import Lane
import Messaging
import Postgres
import TestServers
import Time

/// A registered connection in a test's schema, and its messaging consumer.
struct Market {
  let database: Connection
  let connection: UUID
  var messaging: Messaging

  /// `canDeliver`: whether the marketplace takes messages.
  init(
    on database: Connection, user: String = "seller-1", rules: String = "{}", mode: String = "live",
    templates: Templates, canDeliver: Bool = false, allowed: Set<String>? = nil
  ) throws {
    self.database = database
    connection = UUID()
    try database.query(
      """
      INSERT INTO platform_connections (id, user_id, platform, name, base_url, mode, sync_rules)
      VALUES ($1, $2, 'allegro', $3, 'http://localhost', $4, $5)
      """, [connection, user, "Shop \(connection)", mode, JSONText(rules)])
    messaging = Messaging(
      templates: templates, maxAge: .seconds(86_400), allowedFinancialStatuses: allowed
    ) { _ in canDeliver }
  }

  /// Handles the events as one batch.
  mutating func deliver(_ events: [Event]) throws -> [Int: Disposition] {
    try LaneTransaction.run(&messaging, events, on: database)
  }

  /// An event that shows an order.
  func event(
    _ order: Order, id: String = UUID().uuidString, backfill: Bool = false, observed: Timestamp? = nil,
    from other: UUID? = nil, marketplace: Int? = 1
  ) -> Event {
    let sender = (other ?? connection).uuidString.lowercased()
    return Event(
      id: "allegro:\(sender):\(id)", type: .orderUpdated, time: order.updatedAt ?? .now(),
      connectionId: sender, platform: "allegro", marketplaceId: marketplace, backfill: backfill,
      observedAt: observed, subjectData: .order(order))
  }

  /// The kinds sent about an order, with what became of them.
  func sent(_ order: String) throws -> [String: String] {
    let rows = try database.query(
      """
      SELECT kind, delivery_status FROM messages WHERE connection_id = $1 AND external_order_id = $2
      """, [connection, order])
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), $0.text(1)) })
  }

  /// How many notifications of each kind a user has.
  func notifications(_ user: String = "seller-1") throws -> [String: Int] {
    let rows = try database.query(
      "SELECT kind, count(*) FROM notifications WHERE user_id = $1 GROUP BY kind", [user])
    return Dictionary(uniqueKeysWithValues: rows.map { ($0.text(0), $0.int(1)) })
  }

  func count(_ sql: String) throws -> Int { try database.query(sql).first?.int(0) ?? -1 }
}

/// Runs `body` with a connection to a fresh schema, on a thread of its own.
func withSchema<T: Sendable>(_ body: @escaping @Sendable (Connection) throws -> T) async throws -> T {
  try await TestDatabase.with { test in
    let url = test.url
    return try await withCheckedThrowingContinuation { continuation in
      Thread {
        continuation.resume(
          with: Result {
            try body(try Connection.open(url, name: "tests", settings: ["synchronous_commit": "off"]))
          })
      }.start()
    }
  }
}
