import Clover
import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time

/// Reads one order from a Clover that answers just that.
func read(_ order: JSON) async throws -> FeedItem {
  let transport = ScriptedTransport(["/orders/1": order])
  return try await CloverAdapter(connection: .test(.clover), client: transport.client).order("1")
}

func line(id: JSON = "L1", units: JSON = nil, price: JSON = 4999, exchanged: JSON = false) -> JSON {
  [
    "id": id, "item": ["id": "I1"], "itemCode": "SKU-1", "name": "Lamp", "price": price, "unitQty": units,
    "exchanged": exchanged,
  ]
}

func order(payment: JSON = "PAID", currency: String = "USD", _ lines: [JSON]? = [line()]) -> JSON {
  [
    "id": "O1", "currency": .string(currency), "total": 5998, "paymentState": payment, "state": "locked",
    "createdTime": 1_767_268_800_000, "clientCreatedTime": nil, "modifiedTime": 1_767_268_805_123,
    "lineItems": lines.map { ["elements": .array($0)] } ?? nil,
  ]
}

@Suite struct OrderTests {
  @Test(arguments: [
    ("PAID", OrderStatus.paid, "paid"), ("OPEN", .new, "pending"), ("PARTIALLY_PAID", .new, "partially_paid"),
    ("REFUNDED", .refunded, "refunded"), ("PARTIALLY_REFUNDED", .paid, "partially_refunded"),
  ])
  func `the payment makes the order's status`(word: String, status: OrderStatus, financial: String)
    async throws
  {
    let read = try #require(try await read(order(payment: .string(word))).order)
    #expect(read.status == status && read.financialStatus == financial)
  }

  @Test func `moments and lines are read as they are written, an exchanged line is none`() async throws {
    let read = try #require(try await read(order([line(), line(id: "L2", exchanged: true)])).order)
    #expect(read.placedAt == Timestamp("2026-01-01T12:00:00Z"))
    #expect(read.updatedAt == Timestamp("2026-01-01T12:00:05.123Z"))
    #expect(read.lines?.map(\.externalId) == ["L1"])
    #expect(read.lines?.first?.listingId == "I1" && read.lines?.first?.sku == "SKU-1")
  }

  @Test func `a deleted order is cancelled, a test order does not count`() async throws {
    var deleted = order()
    deleted["deletedTimestamp"] = 1_767_268_806_000
    #expect(try await read(deleted).order?.cancelledAt == Timestamp("2026-01-01T12:00:06Z"))
    var test = order()
    test["testMode"] = true
    #expect(try await read(test).order?.eligible == false)
  }

  @Test func `14 null objects are no lines and no buyer`() async throws {
    let read = try #require(try await read(order(payment: nil, nil)).order)
    #expect(read.lines == nil && read.buyer == nil && read.financialStatus == "pending")
  }

  @Test func `19 measured goods in whole pieces count, half a piece fails alone`() async throws {
    let whole = try await read(
      order([line(id: "1", units: 3000), line(id: "2", units: 0), line(id: "3", units: -1000)]))
    #expect(whole.order?.lines?.map(\.quantity) == [3, 0, -1])
    #expect(try await read(order([line(units: 1500)])).reason?.contains("not a whole number") == true)
  }

  @Test(arguments: [("USD", "59.98"), ("JPY", "5998"), ("KWD", "5.998")])
  func `20 money is in the smallest unit, of which each currency has its own`(
    currency: String, total: String
  ) async throws {
    #expect(try await read(order(currency: currency)).order?.total == Money(total))
  }

  @Test func `22 a moment that is none is not known`() async throws {
    var odd = order()
    (odd["modifiedTime"], odd["createdTime"]) = ("soon", .number("99999999999999999"))
    let read = try #require(try await read(odd).order)
    #expect(read.updatedAt == nil && read.placedAt == nil)
  }

  @Test func `23 a zero byte in a name does no harm`() async throws {
    var odd = order()
    odd["title"] = "Table\u{0} 5 👕"
    let found = try await read(odd)
    let event = try #require(found.event)
    let decoded = try event.encode().withUnsafeBytes { try Event.decode($0) }
    #expect(decoded.id == event.id)
  }

  @Test func `24 a page for people is no answer, whatever its status`() async throws {
    for answer in [
      ScriptedTransport.Answer(403, "<html>no</html>"), .init(200, "<html>"), .init(200, #"{"id"#),
    ] {
      let transport = ScriptedTransport(["/orders/1": answer])
      let adapter = CloverAdapter(connection: .test(.clover), client: transport.client)
      let error = await #expect(throws: MarketplaceError.self) { try await adapter.order("1") }
      #expect(error?.errorClass == .malformed)
    }
  }
}
