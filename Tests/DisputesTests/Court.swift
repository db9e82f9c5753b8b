import Conversations
import Disputes
import Events
import Foundation
import Lane
import Messaging
import Postgres
import Testing
import Time

/// A registered connection with the consumers of its orders and disputes.
struct Court {
  let database: Connection
  let connection: UUID
  private let start = Timestamp.now() - .seconds(600)
  private var disputes: Disputes
  private var messaging: Messaging

  /// `connection`: one that is registered already.
  init(_ database: Connection, templates: Templates, mode: String = "live", connection: UUID? = nil) throws {
    self.database = database
    self.connection = connection ?? UUID()
    disputes = Disputes(templates: templates) { _ in false }
    messaging = Messaging(templates: templates, maxAge: .seconds(86_400)) { _ in false }
    guard connection == nil else { return }
    try database.query(
      """
      INSERT INTO platform_connections (id, user_id, platform, name, base_url, mode)
      VALUES ($1, 'seller-1', 'allegro', $2, 'http://localhost', $3)
      """, [self.connection, "Shop \(self.connection)", mode])
  }

  mutating func deliver(order id: String) throws {
    let order = Order(
      externalId: id, number: "#\(id)", placedAt: start, updatedAt: start,
      buyer: Buyer(externalId: "buyer of \(id)"))
    let event = event(.orderCreated, id: id, at: start, .order(order))
    #expect(try LaneTransaction.run(&messaging, [event], on: database).isEmpty)
  }

  mutating func deliver(
    dispute id: String, about order: String, event name: String, reason: String = "broken & late",
    seconds: Int = 0, backfill: Bool = false
  ) throws {
    let event = event(
      .disputeInitiated, id: name, at: start + .seconds(seconds),
      .dispute(Dispute(externalId: id, orderId: order, reason: reason, openedAt: start), nil),
      backfill: backfill)
    while true {
      do {
        #expect(try LaneTransaction.run(&disputes, [event], on: database).isEmpty)
        return
      } catch let error as PostgresError where error.kind == .aborted {
        try database.rollback()
      }
    }
  }

  private func event(
    _ type: EventType, id: String, at time: Timestamp, _ data: Event.Payload, backfill: Bool = false
  )
    -> Event
  {
    let account = connection.uuidString.lowercased()
    return Event(
      id: "allegro:\(account):\(id)", type: type, time: time, connectionId: account, platform: "allegro",
      marketplaceId: 1, backfill: backfill, subjectData: data)
  }

  /// One line per conversation: order, type, whether it waits for a moderator, members, messages.
  var state: [String] {
    get throws {
      try database.query(
        """
        SELECT external_order_id || ' ' || type || ' ' || needs_moderator::text || ' '
               || (SELECT string_agg(role, ',' ORDER BY role) FROM conversation_members m
                    WHERE m.conversation_id = c.id) || ' '
               || coalesce((SELECT string_agg(kind, ',' ORDER BY kind) FROM messages m
                    WHERE m.conversation_id = c.id), '')
          FROM conversations c WHERE connection_id = $1 ORDER BY external_order_id
        """, [connection]
      ).map { $0.text(0) }
    }
  }

  func count(_ sql: String) throws -> Int { try database.query(sql).first?.int(0) ?? -1 }
}

/// Runs blocking work on a thread of its own.
func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Result { try body() }) }.start()
  }
}
