import Ebay
import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time

/// Reads one order from an eBay that answers just that.
func read(_ order: JSON) async throws -> FeedItem {
  let transport = ScriptedTransport(["/sell/fulfillment/v1/order/1": order])
  return try await EbayAdapter(connection: .test(.ebay), client: transport.client).order("1")
}

func line(id: JSON = "10025", quantity: JSON = 2, cost: JSON = "99.98", sku: JSON = "SKU-1") -> JSON {
  [
    "lineItemId": id, "sku": sku, "title": "Lamp", "quantity": quantity, "legacyItemId": "110555",
    "lineItemCost": ["value": cost, "currency": "EUR"],
  ]
}

func order(
  payment: String = "PAID", fulfillment: String = "NOT_STARTED",
  cancel: JSON = ["cancelState": "NONE_REQUESTED"],
  _ lines: [JSON]? = [line()]
) -> JSON {
  [
    "orderId": "12-34567-89012", "creationDate": "2026-01-01T12:00:00.000Z",
    "lastModifiedDate": "2026-01-01T12:00:05.123Z", "orderPaymentStatus": .string(payment),
    "orderFulfillmentStatus": .string(fulfillment), "cancelStatus": cancel, "buyer": ["username": "jan"],
    "pricingSummary": ["total": ["value": "109.97", "currency": "EUR"], "deliveryCost": ["value": "9.99"]],
    "lineItems": lines.map { .array($0) } ?? nil,
  ]
}

@Suite struct OrderTests {
  @Test(arguments: [
    ("PAID", "NOT_STARTED", OrderStatus.paid, "paid"), ("PAID", "IN_PROGRESS", .processing, "paid"),
    ("PAID", "FULFILLED", .shipped, "paid"), ("FULLY_REFUNDED", "FULFILLED", .refunded, "refunded"),
    ("PARTIALLY_REFUNDED", "FULFILLED", .shipped, "partially_refunded"),
    ("PENDING", "NOT_STARTED", .new, "pending"), ("FAILED", "NOT_STARTED", .cancelled, "voided"),
  ])
  func `payment and fulfillment make the order's status`(
    payment: String, fulfillment: String, status: OrderStatus, financial: String
  ) async throws {
    let read = try #require(try await read(order(payment: payment, fulfillment: fulfillment)).order)
    #expect(read.status == status && read.financialStatus == financial)
  }

  @Test func `money, buyer, moments and lines are read as they are written`() async throws {
    let read = try #require(try await read(order()).order)
    #expect(read.externalId == "12-34567-89012" && read.total == Money("109.97") && read.currency == "EUR")
    #expect(read.buyer?.externalId == "jan" && read.updatedAt == Timestamp("2026-01-01T12:00:05.123Z"))
    #expect(read.lines?.first?.listingId == "SKU-1" && read.lines?.first?.unitPrice == Money("49.99"))
    let nameless = try await EbayTests.read(order([line(sku: nil)])).order
    #expect(nameless?.lines?.first?.listingId == "110555" && nameless?.lines?.first?.sku == nil)
  }

  @Test func `14 null objects are no lines, no parcel and no buyer`() async throws {
    var bare = order(fulfillment: "FULFILLED", cancel: nil, nil)
    (bare["buyer"], bare["pricingSummary"]) = (nil, nil)
    let read = try #require(try await read(bare).order)
    #expect(read.lines == nil && read.buyer == nil && read.total == nil && read.tracking.isEmpty)
  }

  @Test func `16 an order first seen cancelled says so, though it was paid`() async throws {
    let cancel: JSON = ["cancelState": "CANCELED", "cancelledDate": "2026-01-01T12:00:04.000Z"]
    let read = try #require(try await read(order(payment: "FULLY_REFUNDED", cancel: cancel)).order)
    #expect(read.status == .cancelled && read.cancelledAt == Timestamp("2026-01-01T12:00:04Z"))
  }

  @Test func `17 ids beyond 2 to the 53 keep every digit`() async throws {
    let read = try await read(order([line(id: .number("9223372036854775807"))]))
    #expect(read.order?.lines?.first?.externalId == "9223372036854775807")
  }

  @Test func `19 zero and less are kept, half a piece fails alone`() async throws {
    let odd = order([line(id: "1", quantity: 0), line(id: "2", quantity: -1), line(id: "3", quantity: nil)])
    #expect(try await read(odd).order?.lines?.map(\.quantity) == [0, -1, 1])
    #expect(try await read(order([line(quantity: 1.5)])).reason?.contains("1.5") == true)
  }

  @Test func `20 the price of one piece is exact, or not known`() async throws {
    for (cost, quantity, price) in [
      ("70", 2, "35"), ("10.00", 3, nil), ("0.30", 3, "0.10"), (9, 3, "3"), ("1500", 1, "1500"),
    ] as [(JSON, Int, String?)] {
      let read = try await read(order([line(quantity: .integer(quantity), cost: cost)]))
      #expect(read.order?.lines?.first?.unitPrice == price.flatMap { Money($0) })
    }
  }

  @Test func `22 a time with another zone is the same moment`() async throws {
    var odd = order()
    odd["lastModifiedDate"] = "2026-01-01T14:00:05.123456789+02:00"
    #expect(try await read(odd).order?.updatedAt == Timestamp("2026-01-01T12:00:05.123456Z"))
  }

  @Test func `23 a zero byte in a name does no harm`() async throws {
    var odd = order()
    odd["buyer"] = ["username": "ja\u{0}n"]
    let found = try await read(odd)
    let event = try #require(found.event)
    let decoded = try event.encode().withUnsafeBytes { try Event.decode($0) }
    #expect(decoded.id == event.id)
  }

  @Test func `24 a page for people is no answer, whatever its status`() async throws {
    for answer in [
      ScriptedTransport.Answer(403, "<html>no</html>"), .init(200, "<html>"), .init(200, #"{"ord"#),
    ] {
      let transport = ScriptedTransport(["/sell/fulfillment/v1/order/1": answer])
      let adapter = EbayAdapter(connection: .test(.ebay), client: transport.client)
      let error = await #expect(throws: MarketplaceError.self) { try await adapter.order("1") }
      #expect(error?.errorClass == .malformed)
    }
  }
}
