import Buyers
import Foundation
import JSON
import Postgres
import TestServers
import Testing

@Suite struct BuyerDataTests {
  private static let shop = UUID()

  /// Two buyers, each with an order, a conversation and the event it came by.
  private static func fill(_ connection: Connection) throws {
    for (order, buyer) in [("o-1", "anna"), ("o-2", "bert")] {
      try connection.query(
        """
        INSERT INTO orders (connection_id, external_id, status, closed, buyer, shipping_address, source_updated_at,
                            observed_at, digest)
        VALUES ($1, $2, 'paid', false,
                jsonb_build_object('externalId', $3::text, 'email', $3::text || '@Example.com'),
                jsonb_build_object('street', $3::text || ' street'), now(), now(), 1)
        """, [shop, order, buyer])
      try connection.query(
        "INSERT INTO order_conversations (connection_id, external_order_id, is_opened) VALUES ($1, $2, true)",
        [shop, order])
      try connection.query(
        """
        INSERT INTO conversation_members (conversation_id, role, external_id, name)
        SELECT id, 'buyer', $2, $2 FROM order_conversations WHERE external_order_id = $1
        """, [order, buyer])
      try connection.query(
        """
        INSERT INTO order_messages (conversation_id, kind, body, delivery_status)
        SELECT id, 'order_confirmation', 'Dear ' || $2::text, 'stored'
          FROM order_conversations WHERE external_order_id = $1
        """, [order, buyer])
      try connection.query(
        """
        INSERT INTO webhook_events (connection_id, event_id, event_type, source, payload)
        VALUES ($1, 'e-' || $2::text, 'order.created', 'poll',
                jsonb_build_object('order', jsonb_build_object('id', $2::text, 'buyer', $3::text)))
        """, [shop, order, buyer])
    }
  }

  /// All text in which a buyer could be found.
  private static let everything = """
    SELECT concat_ws(' ', (SELECT string_agg(o::text, ' ') FROM orders o),
             (SELECT string_agg(m::text, ' ') FROM conversation_members m),
             (SELECT string_agg(m::text, ' ') FROM order_messages m),
             (SELECT string_agg(w::text, ' ') FROM webhook_events w))
    """

  @Test(arguments: ["anna", "ANNA@example.com"])
  func `a buyer is found by id and by e-mail, exported whole, and erased without a trace of others`(
    name: String
  ) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase { database in
        try await database.withConnection { connection in
          try Self.fill(connection)
          let data = try BuyerData.find(buyer: name, on: connection)
          #expect(data.orders.map(\.externalId) == ["o-1"])
          let exported = try data.export(on: connection)
          for part in ["orders", "messages", "events"] { #expect(exported[part].array.count == 1, "\(part)") }
          #expect(exported.description.contains("anna street") && !exported.description.contains("bert"))
          #expect(try data.erase(on: connection) > 0)
          let left = try connection.query(Self.everything).first?.text(0) ?? ""
          #expect(!left.contains("anna"))
          #expect(left.contains("bert street") && left.contains("Dear bert"))
          #expect(try BuyerData.find(buyer: name, on: connection).orders.isEmpty)
        }
      }
    }
  }

  @Test func `a buyer of another connection is not touched`() async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase { database in
        try await database.withConnection { connection in
          try Self.fill(connection)
          let data = try BuyerData.find(buyer: "anna", connectionId: UUID(), on: connection)
          #expect(data.orders.isEmpty)
          #expect(try data.erase(on: connection) == 0)
        }
      }
    }
  }
}
