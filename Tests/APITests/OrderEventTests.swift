import Events
import HTTPTypes
import JSON
import OrderEvents
import Outbox
import Postgres
import Testing
import Time

struct OrderEventTests {
  private static let path = "/api/order-events/handle"

  /// The events that wait in the outbox.
  private func published(_ office: Office) async throws -> [Event] {
    try await office.database.withConnection { connection in
      try connection.query("SELECT messages FROM outbox ORDER BY id")
        .flatMap { try Packet.messages(in: $0.bytes(0)) }.map { try Event.decode($0.body) }
    }
  }

  @Test func `a paid order's event carries the order as it is known, without lines, at its own time`()
    async throws
  {
    try await Office.with { office in
      let answer = try await office.ask(
        .post, Self.path, body: #"{"orderId":820982911946154508,"eventType":"PAYMENT_RECEIVED"}"#)
      #expect(answer.status == 202 && answer.headers[.location] == "/api/webhooks/events/2", "\(answer)")
      let event = try #require(try await published(office).first)
      #expect(event.type == .paymentReceived && event.id == answer.json["event_id"].text)
      let order = try #require(event.order)
      #expect(order.financialStatus == "paid" && order.status == .paid && order.lines == nil)
      #expect(order.updatedAt == Timestamp("2026-01-01T12:00:00Z") && order.total?.text == "12.50")
      #expect(try #require(event.observedAt) > Timestamp.now() - .seconds(60))
    }
  }

  @Test func `the order's number may be text, and a key makes it once`() async throws {
    try await Office.with { office in
      let body = #"{"orderId":"1","eventType":"ORDER_SHIPPED","eventData":{"trackingNumber":"T-1"}}"#
      let name = try #require(HTTPField.Name("Idempotency-Key"))
      let first = try await office.ask(.post, Self.path, body: body, headers: [name: "k"])
      let second = try await office.ask(.post, Self.path, body: body, headers: [name: "k"])
      #expect(first.status == 202 && first.body == second.body)
      let events = try await published(office)
      #expect(events.count == 1 && events[0].order?.tracking == [Tracking(number: "T-1")])
      #expect(events[0].order?.status == .shipped)
    }
  }

  @Test func `a dispute names its order and goes to disputes alone`() async throws {
    try await Office.with { office in
      let body = #"{"orderId":1,"eventType":"DISPUTE_INITIATED","eventData":{"reason":"broken"}}"#
      #expect(try await office.ask(.post, Self.path, body: body).status == 202)
      let event = try #require(try await published(office).first)
      #expect(event.dispute?.orderId == "820982911946154508" && event.dispute?.reason == "broken")
      #expect(event.routingKey == "allegro.dispute.initiated")
    }
  }

  @Test func `whoever waits is told the outcome`() async throws {
    try await Office.with { office in
      let answer = try await withThrowingTaskGroup(of: Office.Answer?.self) { group in
        group.addTask {
          try await office.ask(
            .post, Self.path + "?wait=20", body: #"{"orderId":1,"eventType":"DISPUTE_INITIATED"}"#)
        }
        group.addTask {
          while try await office.count("SELECT count(*) FROM webhook_events WHERE source = 'api'") == 0 {
            try await Task.sleep(for: .milliseconds(5))
          }
          try await office.run(
            """
            INSERT INTO inbox (consumer, event_time, message_id)
            SELECT 'disputes', occurred_at, message_id FROM webhook_events WHERE source = 'api'
            """)
          return nil
        }
        var answer: Office.Answer?
        for try await one in group { if let one { answer = one } }
        return answer
      }
      #expect(
        answer?.status == 200 && answer?.json["status"].text == "processed", "\(String(describing: answer))")
    }
  }

  @Test(arguments: [
    (#"{"eventType":"ORDER_CREATED"}"#, "orderId"), (#"{"orderId":1}"#, "eventType"),
    (#"{"orderId":1.5,"eventType":"ORDER_CREATED"}"#, "orderId"),
    (#"{"orderId":1,"eventType":"ORDER_EATEN"}"#, "eventType"),
    (#"{"orderId":1,"eventType":"ORDER_CREATED","eventData":[]}"#, "eventData"),
    (#"{"orderId":1,"eventType":"ORDER_SHIPPED","eventData":{"carrier":7}}"#, "eventData.carrier"),
    (#"{"orderId":1,"eventType":"ORDER_CREATED","colour":"red"}"#, "colour"),
  ])
  func `what is wrong in a body is named`(body: String, field: String) async throws {
    try await Office.with { office in
      let answer = try await office.ask(.post, Self.path, body: body)
      #expect(answer.status == 400 && answer.json["errors"][0]["field"].text == field, "\(answer)")
    }
  }

  @Test func `an order beyond every integer is only unknown, and a NUL is refused`() async throws {
    try await Office.with { (office: Office) async throws in
      let unknown = #"{"orderId":99999999999999999999999999,"eventType":"ORDER_CREATED"}"#
      #expect(try await office.ask(.post, Self.path, body: unknown).status == 404)
      let nul = #"{"orderId":"a\u0000","eventType":"ORDER_CREATED"}"#
      #expect(try await office.ask(.post, Self.path, body: nul).status == 400)
      let escaped = #"{"orderId":"a\\u0000","eventType":"ORDER_CREATED"}"#
      #expect(try await office.ask(.post, Self.path, body: escaped).status == 404)
    }
  }

  @Test func `an order without a conversation is pending, and swept once`() async throws {
    try await Office.with { office in
      try await office.addOrder("never-told")
      let first = try await office.ask(.post, "/api/order-events/process-pending")
      #expect(first.json["data"]["processed"] == 1, "\(first)")
      #expect(try await published(office).map(\.order?.externalId) == ["never-told"])
      let second = try await office.ask(.post, "/api/order-events/process-pending")
      #expect(second.json["data"]["processed"] == 0)
    }
  }
}
