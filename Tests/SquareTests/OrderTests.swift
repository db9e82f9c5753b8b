import Events
import JSON
import Marketplaces
import Square
import Testing
import Time

@Suite struct OrderTests {
  func read(_ orders: JSON...) async throws -> [Order?] {
    let square = ScriptedSquare([
      "/v2/orders/search": [["orders": .array(orders)]], "/v2/catalog/batch-retrieve": [catalogue],
    ])
    return try await square.page(.orders).events.map(\.order)
  }

  @Test func `an order is read with the SKUs of its variations, which are asked for once`() async throws {
    let square = ScriptedSquare([
      "/v2/orders/search": [["orders": [order()], "cursor": "c1"], ["orders": [order("other")]]],
      "/v2/catalog/batch-retrieve": [catalogue],
    ])
    let adapter = square.adapter()
    let window = FeedRequest.Window(from: at("11:00:00"), to: at("12:00:30"))
    let first = try await adapter.page(FeedRequest(feed: .orders, window: window, limit: 50))
    let found = try #require(first.events.first?.order)
    #expect(found.status == .paid && found.financialStatus == "paid" && found.total == Money("99.98"))
    #expect(
      found.lines == [
        OrderLine(
          externalId: "CAISENgvlJ6jLWAzERDzjyHVybY/u-1", listingId: "V1", sku: "SKU-1", title: "Lamp – Red",
          quantity: 2, unitPrice: Money("49.99"))
      ])
    #expect(first.nextCursor == "0|c1" && !first.isLast)
    let second = try await adapter.page(
      FeedRequest(feed: .orders, cursor: first.nextCursor, window: window, limit: 50))
    #expect(second.isLast && square.body(of: "/v2/orders/search")["cursor"] == "c1")
    #expect(square.paths.filter { $0 == "/v2/catalog/batch-retrieve" }.count == 1)
  }

  @Test func `more locations than one search takes are searched in groups`() async throws {
    let locations = (1...12).map { ["id": .string("L\($0)")] as JSON }
    let square = ScriptedSquare([
      "/v2/locations": [["locations": .array(locations)]], "/v2/orders/search": [[:]],
    ])
    let first = try await square.page(.orders)
    #expect(first.nextCursor == "1" && !first.isLast)
    let second = try await square.page(.orders, cursor: "1")
    #expect(second.isLast && square.body(of: "/v2/orders/search")["location_ids"] == ["L11", "L12"])
  }

  @Test func `states and payments make the status`() async throws {
    let none: JSON = []
    let orders = try await read(
      order { $0["tenders"] = none }, order("2") { $0["state"] = "CANCELED" },
      order("3") { $0["state"] = "COMPLETED" },
      order("4") {
        $0["fulfillments"] = [["state": "COMPLETED", "shipment_details": ["tracking_number": "N"]]]
      },
      order("5") { $0["refunds"] = [["status": "COMPLETED", "amount_money": ["amount": 9998]]] },
      order("6") { $0["refunds"] = [["status": "REJECTED", "amount_money": ["amount": 9998]]] })
    #expect(orders.map(\.?.status) == [.new, .cancelled, .fulfilled, .shipped, .refunded, .paid])
    #expect(orders[0]?.financialStatus == "pending" && orders[3]?.tracking.map(\.number) == ["N"])
    #expect(orders[4]?.lines?.first?.quantity == 2, "a refund is not a restock")
  }

  @Test(arguments: [
    ("JPY", 1234, "1234"), ("KWD", 1234, "1.234"), ("EUR", 1234, "12.34"), ("EUR", 3, "0.03"),
  ])
  func `money is minor units of its currency (20)`(currency: String, amount: Int, text: String) async throws {
    let orders = try await read(
      order { $0["total_money"] = ["amount": .integer(amount), "currency": .string(currency)] })
    #expect(orders.first??.total?.text == text)
  }

  @Test func `a quantity by weight keeps its order, as failed, and no other (19)`() async throws {
    let line: JSON = ["uid": "u", "quantity": "1.5"]
    let square = ScriptedSquare([
      "/v2/orders/search": [
        ["orders": [order { $0["line_items"] = [line] }, order("2") { $0["line_items"] = [] }]]
      ]
    ])
    let page = try await square.page(.orders)
    #expect(page.items.count == 2 && page.events.map(\.order?.externalId) == ["2"])
  }

  @Test func `a dispute finds its order by the payment, and asks only for what no order has told`()
    async throws
  {
    func dispute(_ id: String, _ payment: String, _ time: String) -> JSON {
      [
        "id": .string(id), "reason": "NO_KNOWLEDGE", "created_at": .string("2026-01-01T" + time + "Z"),
        "disputed_payment": ["payment_id": .string(payment)],
      ]
    }
    let square = ScriptedSquare([
      "/v2/orders/search": [["orders": [order { $0["line_items"] = [] }]]],
      "/v2/disputes": [
        [
          "disputes": [
            dispute("D1", "P1", "11:30:00"), dispute("D2", "P2", "11:40:00"), dispute("D0", "P0", "10:00:00"),
          ]
        ]
      ],
      "/v2/payments/P2": [["payment": ["order_id": "O2"]]],
    ])
    let adapter = square.adapter()
    let window = FeedRequest.Window(from: at("11:00:00"), to: at("12:00:30"))
    _ = try await adapter.page(FeedRequest(feed: .orders, window: window, limit: 50))
    let page = try await adapter.page(FeedRequest(feed: .disputes, window: window, limit: 50))
    #expect(page.events.map(\.dispute?.orderId) == ["CAISENgvlJ6jLWAzERDzjyHVybY", "O2"])
    #expect(page.events.first?.id == "square:6f1c0000-0000-4000-8000-000000000003:dispute/D1")
    #expect(square.paths.filter { $0.hasPrefix("/v2/payments/") } == ["/v2/payments/P2"])
  }
}
