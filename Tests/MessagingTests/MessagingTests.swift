import Conversations
import Events
import Foundation
import Lane
import Messaging
import Postgres
import Testing
import Time

struct MessagingTests {
  let templates = Result { try Templates() }

  /// An order placed a minute ago.
  static func order(_ id: String = "o-1", _ change: (inout Order) -> Void = { _ in }) -> Order {
    let now = Timestamp.now()
    var order = Order(
      externalId: id, number: "#1001", financialStatus: "pending", placedAt: now - .seconds(60),
      updatedAt: now - .seconds(60), currency: "PLN", total: Money("123.45"),
      buyer: Buyer(externalId: "b-1", name: "Zoë & <Bo> \"O'Neil\""),
      lines: [OrderLine(externalId: "l-1", sku: "SKU", title: "Łyżka {{x}} & co", quantity: 2)])
    change(&order)
    return order
  }

  @Test func `a living order opens a conversation of buyer and seller and is confirmed`() async throws {
    let templates = try templates.get()
    try await withSchema { database in
      var market = try Market(on: database, templates: templates)
      #expect(try market.deliver([market.event(Self.order())]).isEmpty)
      #expect(try market.sent("o-1") == ["order_confirmation": "stored"])
      #expect(try market.notifications() == ["order_created": 1])
      let row = try #require(
        try database.query(
          "SELECT type, status, number, order_id IS NULL, payment->>'total' FROM conversations"
        ).first)
      #expect([row.text(0), row.text(1), row.text(2), row.text(4)] == ["order", "open", "#1001", "123.45"])
      #expect(row.bool(3))
      let members = try database.query(
        "SELECT role, coalesce(user_id, external_id) FROM conversation_members ORDER BY role")
      #expect(members.map { [$0.text(0), $0.text(1)] } == [["buyer", "b-1"], ["seller", "seller-1"]])
      let body = try #require(try database.query("SELECT body FROM messages").first).text(0)
      #expect(body.contains("Zoë & <Bo> \"O'Neil\""), "plain text is not escaped")
      #expect(body.contains("2 × Łyżka {{x}} & co"))
      #expect(body.contains("Total: 123.45 PLN"))
    }
  }

  @Test func `the buyer of an order whose financial status is not allowed is not written to`() async throws {
    let templates = try templates.get()
    try await withSchema { database in
      var market = try Market(on: database, templates: templates, allowed: ["pending", "paid"])
      let voided = Self.order { $0.financialStatus = "VOIDED" }
      #expect(try market.deliver([market.event(voided)]).isEmpty)
      #expect(try market.sent("o-1").isEmpty)
      #expect(try market.deliver([market.event(Self.order())]).isEmpty)
      #expect(try market.sent("o-1").keys.sorted() == ["order_confirmation"])
    }
  }

  @Test func `payment and shipping are told once each, from the order as it stands`() async throws {
    let templates = try templates.get()
    try await withSchema { database in
      var market = try Market(on: database, templates: templates)
      let shipped = Self.order { order in
        order.financialStatus = "PAID"
        order.tracking = [Tracking(carrier: "DHL", number: "T1", url: "https://dhl.example/T1?a=1&b=2")]
      }
      for round in 0..<3 {
        #expect(try market.deliver([market.event(shipped, id: "e-\(round)")]).isEmpty)
      }
      #expect(
        try market.sent("o-1") == [
          "order_confirmation": "stored", "payment_confirmation": "stored", "shipping_update": "stored",
        ])
      #expect(try market.notifications() == ["order_created": 1, "payment_received": 1])
      let row = try #require(
        try database.query("SELECT payment->>'status', tracking->0->>'number' FROM conversations").first)
      #expect([row.text(0), row.text(1)] == ["PAID", "T1"])
      let update = try database.query("SELECT body FROM messages WHERE kind = 'shipping_update'").first
      #expect(update?.text(0).hasSuffix("DHL T1 https://dhl.example/T1?a=1&b=2") == true)
    }
  }

  @Test func `nothing is sent for history, not even when the order comes live later`() async throws {
    let templates = try templates.get()
    try await withSchema { database in
      var market = try Market(on: database, templates: templates)
      _ = try market.deliver([market.event(Self.order { $0.financialStatus = "paid" }, backfill: true)])
      #expect(try market.sent("o-1").isEmpty)
      #expect(try market.notifications().isEmpty)
      #expect(try market.count("SELECT count(*) FROM conversations") == 1)
      let shipped = Self.order { order in
        order.status = .shipped
        order.financialStatus = "paid"
        order.updatedAt = .now()
      }
      _ = try market.deliver([market.event(shipped)])
      #expect(try market.sent("o-1") == ["shipping_update": "stored"])
    }
  }

  @Test func `nothing is sent for orders that are old, cancelled, or not eligible`() async throws {
    let templates = try templates.get()
    try await withSchema { database in
      var market = try Market(on: database, templates: templates)
      let old = Self.order("old") { $0.placedAt = .now() - .seconds(90_000) }
      let cancelled = Self.order("cancelled") { $0.status = .cancelled }
      let test = Self.order("test") { $0.eligible = false }
      _ = try market.deliver([old, cancelled, test].map { market.event($0) })
      #expect(try market.count("SELECT count(*) FROM messages") == 0)
      let opened = try database.query("SELECT external_order_id FROM conversations")
      #expect(opened.map { $0.text(0) } == ["old"])

      let before = Self.order("cancelled") { $0.updatedAt = .now() - .seconds(3_600) }
      _ = try market.deliver([market.event(before)])
      #expect(try market.sent("cancelled").isEmpty, "a version from before the cancellation changes nothing")
      let status = try database.query(
        "SELECT status FROM conversations WHERE external_order_id = 'cancelled'")
      #expect(status.map { $0.text(0) } == ["closed"])
    }
  }

  @Test func `a connection's rules say what is sent and in which language`() async throws {
    let templates = try templates.get()
    try await withSchema { database in
      let rules = #"{"messages":["payment_confirmation"],"language":"pl-PL"}"#
      var market = try Market(on: database, rules: rules, templates: templates)
      _ = try market.deliver([market.event(Self.order { $0.financialStatus = "paid" })])
      #expect(try market.sent("o-1") == ["payment_confirmation": "stored"])
      let body = try database.query("SELECT body FROM messages").first?.text(0)
      #expect(body?.hasPrefix("Dzień dobry Zoë") == true)
    }
  }

  @Test func `in shadow mode a message is only recorded, and one that can be delivered becomes a push job`()
    async throws
  {
    let templates = try templates.get()
    try await withSchema { database in
      var shadow = try Market(on: database, mode: "shadow", templates: templates, canDeliver: true)
      _ = try shadow.deliver([shadow.event(Self.order())])
      #expect(try shadow.sent("o-1") == ["order_confirmation": "shadow"])
      #expect(try shadow.count("SELECT coalesce(sum(count), 0)::int FROM outbox") == 0)

      var market = try Market(on: database, templates: templates, canDeliver: true)
      _ = try market.deliver([market.event(Self.order())])
      #expect(try market.sent("o-1") == ["order_confirmation": "pending"])
      #expect(try market.count("SELECT coalesce(sum(count), 0)::int FROM outbox") == 1)
    }
  }

  @Test func `the seller hears once of a stock that fell low`() async throws {
    let templates = try templates.get()
    try await withSchema { database in
      var market = try Market(on: database, templates: templates)
      let id = market.connection.uuidString.lowercased()
      let low = Event(
        id: "allegro:\(id):stock.low/1@7", type: .stockLow, time: .now(), connectionId: id,
        platform: "allegro",
        marketplaceId: 1,
        subjectData: .stock(Stock(variationId: 1, sku: "SKU", marketplaceId: 1, onHand: 2, listedStock: 2)))
      _ = try market.deliver([low])
      try database.query("DELETE FROM inbox")
      _ = try market.deliver([low])
      #expect(try market.notifications() == ["stock_low": 1])
    }
  }

  @Test func `an order of a connection that nobody registered is stored if it names its marketplace`()
    async throws
  {
    let templates = try templates.get()
    try await withSchema { database in
      var market = try Market(on: database, templates: templates)
      let stranger = UUID()
      let foreign = market.event(Self.order(), from: stranger)
      let nameless = market.event(Self.order("o-2"), from: stranger, marketplace: nil)
      let exceptions = try market.deliver([foreign, nameless])
      #expect(Array(exceptions.keys) == [1])
      #expect(try market.count("SELECT count(*) FROM messages WHERE delivery_status = 'stored'") == 1)
      #expect(try market.count("SELECT count(*) FROM notifications") == 0)
    }
  }

  @Test func `templates of the user's own take the place of ours`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    let french = folder.appendingPathComponent("fr")
    try FileManager.default.createDirectory(at: french, withIntermediateDirectories: true)
    try Data("Commande {{order.number}} de {{buyer.name}}".utf8).write(
      to: french.appendingPathComponent("order_confirmation.mustache"))
    let templates = try Templates(overrides: folder.path)
    let order = Self.order()
    let values = MessageValues(order: order, number: nil, orderId: "o-1", shop: nil)
    #expect(
      templates.body(.orderConfirmation, language: "fr_CA", values: values)
        == "Commande #1001 de Zoë & <Bo> \"O'Neil\"")
    #expect(templates.body(.shippingUpdate, language: "fr", values: values).hasPrefix("Hello Zoë"))
    #expect(throws: TemplateError.self) { try Templates(overrides: folder.path + "/nowhere") }
    try Data("{{#open}}".utf8).write(to: french.appendingPathComponent("shipping_update.mustache"))
    #expect(throws: TemplateError.self) { try Templates(overrides: folder.path) }
  }
}
