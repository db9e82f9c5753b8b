import BackMarket
import Events
import JSON
import Lane
import Marketplaces
import OrderSync
import Postgres
import Refurbed
import StockLedger
import TestServers
import TestShops
import Testing

/// Each state that a line of an order can have where the lines have states of their own: what event it makes, what it
/// does to the stock, and what the order is then.
@Suite struct LineStateTests {
  struct Case: Sendable, CustomStringConvertible {
    let platform: Platform
    let state: String
    let type: EventType
    let status: OrderStatus
    /// How many of the two pieces of the line are sold.
    let sold: Int
    /// Whether an order that is first heard of in this state is one.
    var isNews = true

    var description: String { "\(platform) \(state)" }
  }

  static let cases = [
    Case(platform: .backmarket, state: "0", type: .orderUpdated, status: .new, sold: 2),
    Case(platform: .backmarket, state: "1", type: .orderUpdated, status: .paid, sold: 2),
    Case(platform: .backmarket, state: "2", type: .orderUpdated, status: .processing, sold: 2),
    Case(platform: .backmarket, state: "3", type: .orderUpdated, status: .shipped, sold: 2),
    Case(
      platform: .backmarket, state: "4", type: .orderCancelled, status: .cancelled, sold: 0, isNews: false),
    Case(
      platform: .backmarket, state: "5", type: .orderCancelled, status: .cancelled, sold: 0, isNews: false),
    Case(platform: .backmarket, state: "6", type: .orderUpdated, status: .refunded, sold: 2, isNews: false),
    Case(
      platform: .backmarket, state: "7", type: .orderCancelled, status: .cancelled, sold: 0, isNews: false),
    Case(platform: .backmarket, state: "8", type: .orderUpdated, status: .new, sold: 2),
    Case(platform: .backmarket, state: "9", type: .orderUpdated, status: .new, sold: 2),
    Case(platform: .refurbed, state: "NEW", type: .orderUpdated, status: .paid, sold: 2),
    Case(platform: .refurbed, state: "ACCEPTED", type: .orderUpdated, status: .processing, sold: 2),
    Case(platform: .refurbed, state: "SHIPPED", type: .orderUpdated, status: .shipped, sold: 2),
    Case(
      platform: .refurbed, state: "RETURNED", type: .orderUpdated, status: .refunded, sold: 2, isNews: false),
    Case(
      platform: .refurbed, state: "REJECTED", type: .orderCancelled, status: .cancelled, sold: 0,
      isNews: false),
    Case(
      platform: .refurbed, state: "CANCELLED", type: .orderCancelled, status: .cancelled, sold: 0,
      isNews: false),
  ]

  @Test(arguments: [false, true])
  func `each state of a line makes its event and has its effect on the stock`(isKnown: Bool) async throws {
    try await Self.withBooks { books in
      for (number, line) in Self.cases.enumerated() {
        let begun = try await Self.event(line.platform, "\(number)", ["begun"])
        let event = try await Self.event(line.platform, "\(number)", [line.state])
        #expect(event.type == line.type && event.order?.status == line.status, "\(line)")
        let held = try await books.hear(isKnown ? [begun, event] : [event])
        #expect(held.sold == line.sold, "\(line)")
        #expect(held.order == (isKnown || line.isNews ? line.status.rawValue : nil), "\(line)")
      }
    }
  }

  @Test func `the state of one line leaves the others as they are`() async throws {
    try await Self.withBooks { books in
      for (number, line) in Self.cases.enumerated() {
        let begun = try await Self.event(line.platform, "\(number)", ["begun", "begun"])
        let event = try await Self.event(line.platform, "\(number)", [line.state, "begun"])
        #expect(event.type == .orderUpdated, "\(line)")
        #expect(try await books.hear([begun, event]).sold == line.sold + 2, "\(line)")
      }
    }
  }

  // MARK: What a marketplace says

  /// The event of an order whose lines are in these states; "begun" for one that was paid just now.
  private static func event(_ platform: Platform, _ id: String, _ states: [String]) async throws -> Event {
    let isBegun = states.allSatisfy { $0 == "begun" }
    let item: FeedItem
    if platform == .backmarket {
      let lines = states.map { $0 == "begun" ? "1" : $0 }.enumerated().map { number, state in
        backMarketLine(.string("\(id)-\(number)"), state: .number(state))
      }
      let order: JSON = [
        "order_id": .string(id), "state": ["0", "8", "9"].contains(states[0]) ? 10 : 1,
        "date_creation": "2026-01-01T12:00:00Z", "date_payment": "2026-01-01T12:00:01Z",
        "date_modification": isBegun ? "2026-01-01T12:00:01Z" : "2026-01-01T12:00:05Z",
        "orderlines": .array(lines), "price": "400.00", "currency": "EUR",
      ]
      let transport = ScriptedTransport(["/ws/orders/1": order])
      item = try await BackMarketAdapter(connection: .test(platform), client: transport.client).order("1")
    } else {
      let items = states.map { $0 == "begun" ? "NEW" : $0 }.enumerated().map { number, state in
        refurbedItem(.string("\(id)-\(number)"), state: .string(state))
      }
      let order: JSON = [
        "id": .string(id), "state": "NEW", "released_at": "2026-01-01T12:00:00Z", "currency_code": "EUR",
        "total_charged": "400.00", "items": .array(items),
      ]
      let transport = ScriptedTransport(["/refb.merchant.v1.OrderService/GetOrder": ["order": order]])
      item = try await RefurbedAdapter(connection: .test(platform), client: transport.client).order("1")
    }
    return try #require(item.event)
  }

  private static func backMarketLine(_ id: JSON, state: JSON) -> JSON {
    [
      "id": id, "state": state, "listing": "SKU-1", "listing_id": 142, "product": "Phone", "quantity": 2,
      "price": "200.00",
    ]
  }

  private static func refurbedItem(_ id: JSON, state: JSON) -> JSON {
    [
      "id": id, "state": state, "sku": "SKU-1", "name": "Phone", "total_charged": "200.00", "quantity": 2,
      "offer_data": ["offer_id": "142"],
    ]
  }

  // MARK: What becomes of it

  /// A ledger and a table of orders.
  private struct Books: Sendable {
    let database: Database

    /// What these events of one order have sold, and the order's state; nil for one that is not in the table.
    func hear(_ events: [Event]) async throws -> (sold: Int, order: String?) {
      try await database.withConnection { connection in
        var ledger = StockLedger(lowThreshold: 0, logger: TestServers.silence)
        var orders = OrderSync(
          allowedFinancialStatuses: OrderFilter.standard.allowedStatuses, logger: TestServers.silence)
        let before = try Self.onHand(connection)
        for event in events {
          #expect(try LaneTransaction.run(&ledger, [event], on: connection).isEmpty)
          #expect(try LaneTransaction.run(&orders, [event], on: connection).isEmpty)
        }
        let row = try connection.query(
          "SELECT status FROM orders WHERE connection_id::text || external_id = $1",
          [events[0].connectionId + (events[0].order?.externalId ?? "")])
        return (before - (try Self.onHand(connection)), row.first?.text(0))
      }
    }

    private static func onHand(_ connection: Connection) throws -> Int {
      try connection.query("SELECT coalesce(sum(on_hand), 0)::bigint FROM marketplace_stock").first?.int(0)
        ?? 0
    }
  }

  private static func withBooks(_ body: @escaping @Sendable (Books) async throws -> Void) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 1) { try await body(Books(database: $0)) }
    }
  }
}
