import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time
import WooCommerce

/// Reads one order from a shop that answers just that.
func read(_ order: JSON) async throws -> FeedItem {
  let transport = ScriptedTransport(["/wp-json/wc/v3/orders/1": order])
  return try await WooCommerceAdapter(connection: .test(.woocommerce), client: transport.client).order("1")
}

func line(id: JSON = 315, quantity: JSON = 2, price: JSON = 49.99, variation: JSON = 0) -> JSON {
  [
    "id": id, "name": "Lamp", "product_id": 93, "variation_id": variation, "quantity": quantity,
    "sku": "SKU-1",
    "price": price,
  ]
}

func order(_ status: String, paid: JSON = "2026-01-01T12:00:02", _ lines: [JSON]? = [line()]) -> JSON {
  [
    "id": 727, "number": "727", "status": .string(status), "currency": "EUR",
    "date_created_gmt": "2026-01-01T12:00:00", "date_modified_gmt": "2026-01-01T12:00:05",
    "date_paid_gmt": paid, "total": "109.97", "total_tax": "0.00", "shipping_total": "9.99", "customer_id": 0,
    "billing": ["first_name": "Jan", "last_name": "Żak", "email": "jan@example.com"], "shipping": [:],
    "line_items": lines.map { .array($0) } ?? nil, "refunds": [], "meta_data": [],
  ]
}

@Suite struct OrderTests {
  @Test(arguments: [
    ("pending", OrderStatus.new, "paid"), ("on-hold", .new, "paid"), ("processing", .paid, "paid"),
    ("completed", .shipped, "paid"), ("refunded", .refunded, "refunded"),
    ("cancelled", .cancelled, "refunded"),
    ("failed", .cancelled, "refunded"), ("in-production", .processing, "paid"),
  ])
  func `statuses mean what WooCommerce says, and one of a plug-in is work in progress`(
    word: String, status: OrderStatus, financial: String
  ) async throws {
    let read = try #require(try await read(order(word)).order)
    #expect(read.status == status && read.financialStatus == financial)
  }

  @Test func `money, buyer, moments and lines are read as they are written`() async throws {
    let read = try #require(try await read(order("processing", [line(variation: 99)])).order)
    #expect(read.total == Money("109.97") && read.shipping == Money("9.99") && read.number == "727")
    #expect(read.buyer == Buyer(name: "Jan Żak", email: "jan@example.com"))
    #expect(read.placedAt == Timestamp("2026-01-01T12:00:00Z"))
    #expect(read.lines?.first?.listingId == "93/99" && read.lines?.first?.unitPrice == Money("49.99"))
  }

  @Test func `7 of two states within one second the one that has come further is the later`() async throws {
    let paid = try #require(try await read(order("processing")).order?.updatedAt)
    let sent = try #require(try await read(order("completed")).order?.updatedAt)
    #expect(paid < sent && sent.secondsSince1970 == paid.secondsSince1970)
  }

  @Test func `14 null objects are no lines, no payment and no buyer`() async throws {
    var bare = order("pending", paid: nil, nil)
    bare["billing"] = nil
    let read = try #require(try await read(bare).order)
    #expect(read.lines == nil && read.buyer == nil && read.financialStatus == "pending")
  }

  @Test func `16 an order first seen cancelled says so, though it was paid`() async throws {
    let read = try await read(order("cancelled"))
    #expect(read.order?.isCancelled == true && read.order?.eligible == false)
  }

  @Test func `17 ids beyond 2 to the 53 keep every digit`() async throws {
    let read = try await read(order("processing", [line(id: .number("9223372036854775807"))]))
    #expect(read.order?.lines?.first?.externalId == "9223372036854775807")
  }

  @Test func `19 zero and less are kept, half a piece fails alone`() async throws {
    let odd = order(
      "processing", [line(id: 1, quantity: 0), line(id: 2, quantity: -1), line(id: 3, quantity: nil)])
    #expect(try await read(odd).order?.lines?.map(\.quantity) == [0, -1, 1])
    #expect(try await read(order("processing", [line(quantity: 0.5)])).reason?.contains("0.5") == true)
  }

  @Test func `20 money may be a string, a whole number or a decimal`() async throws {
    for (written, amount) in [("70", "70"), (3, "3"), (123.45, "123.45")] as [(JSON, String)] {
      let read = try await read(order("processing", [line(price: written)]))
      #expect(read.order?.lines?.first?.unitPrice == Money(amount))
    }
  }

  @Test func `22 times without a zone are UTC`() async throws {
    let read = try await read(order("checkout-draft"))
    #expect(read.order?.updatedAt == Timestamp("2026-01-01T12:00:05Z"))
  }

  @Test func `23 a zero byte in a name does no harm`() async throws {
    var odd = order("processing")
    odd["billing"] = ["first_name": "Ja\u{0}n"]
    let event = try #require(try await read(odd).event)
    let decoded = try event.encode().withUnsafeBytes { try Event.decode($0) }
    #expect(decoded.id == event.id)
  }

  @Test func `24 a page for people is no answer, whatever its status`() async throws {
    for answer in [
      ScriptedTransport.Answer(403, "<html>no</html>"), .init(200, "<html>"), .init(200, #"{"id"#),
    ] {
      let transport = ScriptedTransport(["/wp-json/wc/v3/orders/1": answer])
      let adapter = WooCommerceAdapter(connection: .test(.woocommerce), client: transport.client)
      let error = await #expect(throws: MarketplaceError.self) { try await adapter.order("1") }
      #expect(error?.errorClass == .malformed)
    }
  }

  @Test func `the base URL may be that of the API itself`() async throws {
    let transport = ScriptedTransport(["/products": []])
    let connection = MarketplaceConnection.test(
      .woocommerce, baseURL: "https://shop.example/wp-json/wc/v3")
    try await WooCommerceAdapter(connection: connection, client: transport.client).check()
    #expect(transport.calls.map(\.target) == ["/products?per_page=1"])
  }
}
