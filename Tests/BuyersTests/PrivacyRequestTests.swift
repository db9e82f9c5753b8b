import Buyers
import Foundation
import Postgres
import TestServers
import Testing

@Suite struct PrivacyRequestTests {
  private static let shop = UUID()

  /// A shop with two buyers' orders, and a request.
  private static func with(
    _ topic: String, _ payload: String, _ body: @escaping @Sendable (Database) async throws -> Void
  ) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase { database in
        try await database.withConnection { connection in
          try connection.query(
            """
            INSERT INTO platform_connections (id, user_id, platform, name, base_url)
            VALUES ($1, 'seller', 'shopify', 'shop', 'http://x')
            """, [shop])
          for (order, buyer) in [("1", "anna"), ("2", "bert"), ("3", "anna")] {
            try connection.query(
              """
              INSERT INTO orders (connection_id, external_id, status, closed, buyer, source_updated_at, observed_at, digest)
              VALUES ($1, $2, 'paid', false, jsonb_build_object('externalId', $3::text, 'email', $3::text || '@x.pl'),
                      now(), now(), 1)
              """, [shop, order, buyer])
          }
          try connection.query(
            """
            INSERT INTO webhook_events (connection_id, event_id, event_type, source, payload, status)
            VALUES ($1, 'r-1', $2, 'webhook', $3, 'skipped')
            """, [shop, topic, JSONText(payload)])
        }
        let requests = PrivacyRequests(database: database, logger: TestServers.silence)
        let first = try await requests.tick()
        #expect(first)
        let again = try await requests.tick()
        #expect(!again, "a request is done once")
        try await body(database)
      }
    }
  }

  private static func text(_ sql: String, of database: Database) async throws -> String? {
    try await database.withConnection { try $0.query(sql).first?.optionalText(0) }
  }

  private static let named =
    "SELECT string_agg(external_id, ' ' ORDER BY external_id) FROM orders WHERE buyer IS NOT NULL"

  @Test func `a customer's redaction erases the orders it names and those of the same person`() async throws {
    try await Self.with(
      "customers/redact", #"{"customer":{"id":9,"email":"ANNA@x.pl"},"orders_to_redact":["1"]}"#
    ) { database in
      #expect(try await Self.text(Self.named, of: database) == "2")
      let request = try await Self.text("SELECT status || payload::text FROM webhook_events", of: database)
      #expect(request == #"processed{"erased": true}"#)
    }
  }

  @Test func `a shop's redaction erases all its buyers`() async throws {
    try await Self.with("shop/redact", #"{"shop_id":1}"#) { database in
      let named = try await Self.text(Self.named, of: database)
      #expect(named == nil)
      #expect(try await Self.text("SELECT count(*)::text FROM orders", of: database) == "3")
    }
  }

  @Test func `the owner hears that a customer wants to see the data`() async throws {
    try await Self.with(
      "customers/data_request", #"{"customer":{"id":9,"email":"anna@x.pl"},"orders_requested":["1"]}"#
    ) { database in
      #expect(try await Self.text(Self.named, of: database) == "1 2 3")
      let told = try await Self.text(
        "SELECT concat_ws(' ', user_id, kind, body->'customer'->>'email') FROM notifications", of: database)
      #expect(told == "seller privacy.data_request anna@x.pl")
    }
  }
}
