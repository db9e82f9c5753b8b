import Events
import JSON
import Marketplaces
import Refurbed
import TestShops
import Testing
import Time

/// Reads one order from a Refurbed that answers just that.
func read(_ order: JSON) async throws -> FeedItem {
  let transport = ScriptedTransport(["/refb.merchant.v1.OrderService/GetOrder": ["order": order]])
  return try await RefurbedAdapter(connection: .test(.refurbed), client: transport.client).order("1")
}

func item(_ state: String, id: JSON = "11", charged: JSON = "50.00", quantity: JSON = nil) -> JSON {
  [
    "id": id, "state": .string(state), "sku": "SKU-1", "name": "Phone", "total_charged": charged,
    "quantity": quantity, "offer_data": ["offer_id": "142", "shipping_costs": "4.99"],
    "parcel_tracking_url": "https://parcels.example/1",
  ]
}

func order(_ state: String, _ items: [JSON]?) -> JSON {
  [
    "id": "3123456", "state": .string(state), "released_at": "2026-01-01T12:00:00.123456Z",
    "customer_email": "v@example.com", "shipping_address": ["first_name": "Victor", "family_name": "Hugo"],
    "currency_code": "EUR", "total_charged": "100.00", "total_refunded": "0.00",
    "items": items.map { .array($0) } ?? nil,
  ]
}

@Suite struct OrderTests {
  @Test(arguments: [
    (["NEW", "NEW"], OrderStatus.paid), (["ACCEPTED", "NEW"], .paid),
    (["ACCEPTED", "ACCEPTED"], .processing),
    (["SHIPPED", "SHIPPED"], .shipped), (["SHIPPED", "CANCELLED"], .shipped),
    (["RETURNED", "SHIPPED"], .shipped),
    (["RETURNED", "RETURNED"], .refunded), (["CANCELLED", "REJECTED"], .cancelled),
  ])
  func `the items' states make the order's`(states: [String], status: OrderStatus) async throws {
    #expect(try await read(order("NEW", states.map { item($0) })).order?.status == status)
  }

  @Test func `an item is one piece, and one that is off is no part of the order any more`() async throws {
    let read = try #require(
      try await read(order("NEW", [item("NEW", id: "1"), item("CANCELLED", id: "2")])).order)
    let lines = try #require(read.lines)
    #expect(lines.map(\.externalId) == ["1"] && lines.map(\.quantity) == [1])
    #expect(read.total == Money("50.00") && read.buyer?.email == "v@example.com")
    #expect(lines.first?.listingId == "142" && lines.first?.sku == "SKU-1")
    #expect(read.financialStatus == "paid" && read.eligible)
  }

  @Test func `7 of two readings within one second the one that has come further is the later`() async throws {
    let new = try #require(try await read(order("NEW", [item("NEW")])).order?.updatedAt)
    let sent = try #require(try await read(order("SHIPPED", [item("SHIPPED")])).order?.updatedAt)
    #expect(new < sent && sent - new < .milliseconds(1))
  }

  @Test func `14 null objects are no items, no parcel and no buyer`() async throws {
    var bare = order("SHIPPED", nil)
    (bare["shipping_address"], bare["customer_email"]) = (nil, nil)
    let read = try #require(try await read(bare).order)
    #expect(read.lines == nil && read.buyer == nil && read.tracking.isEmpty && read.status == .shipped)
    #expect(read.total == Money("100.00"))
  }

  @Test func `16 an order first seen cancelled says so, though it was paid`() async throws {
    let read = try #require(try await read(order("CANCELLED", [item("CANCELLED")])).order)
    #expect(read.isCancelled && read.financialStatus == "refunded" && read.lines?.count == 1)
  }

  @Test func `17 ids beyond 2 to the 53 keep every digit, as text or as a number`() async throws {
    for id in [JSON.string("9007199254740993"), .number("9007199254740993")] {
      let read = try #require(try await read(order("NEW", [item("NEW", id: id)])).order)
      #expect(read.lines?.first?.externalId == "9007199254740993")
    }
  }

  @Test func `19 zero and less are kept, half a piece fails alone`() async throws {
    let odd = order("NEW", [item("NEW", id: "1", quantity: 0), item("NEW", id: "2", quantity: -1)])
    #expect(try await read(odd).order?.lines?.map(\.quantity) == [0, -1])
    #expect(try await read(order("NEW", [item("NEW", quantity: 1.5)])).reason?.contains("1.5") == true)
  }

  @Test func `20 money may be a string, a whole number or a decimal`() async throws {
    for (written, read_) in [("70", "70"), (3, "3"), ("123.45", "123.45")] as [(JSON, String)] {
      #expect(try await read(order("NEW", [item("NEW", charged: written)])).order?.total == Money(read_))
    }
  }

  @Test func `22 a time without a zone is UTC, nanoseconds are cut`() async throws {
    var fine = order("NEW", [item("NEW")])
    fine["released_at"] = "2026-01-01T12:00:00.123456789"
    #expect(try await read(fine).order?.placedAt == Timestamp("2026-01-01T12:00:00.123456Z"))
  }

  @Test func `23 a zero byte in a name does no harm`() async throws {
    var odd = order("NEW", [item("NEW")])
    odd["shipping_address"] = ["first_name": "Vic\u{0}tor", "family_name": "Hugo 👕"]
    let found = try await read(odd)
    let event = try #require(found.event)
    let decoded = try event.encode().withUnsafeBytes { try Event.decode($0) }
    #expect(decoded.id == event.id)
  }

  @Test func `24 a page for people is no answer, whatever its status`() async throws {
    for answer in [
      ScriptedTransport.Answer(403, "<html>no</html>"), .init(200, "<html>"), .init(200, #"{"ord"#),
    ] {
      let transport = ScriptedTransport(["/refb.merchant.v1.OrderService/GetOrder": answer])
      let adapter = RefurbedAdapter(connection: .test(.refurbed), client: transport.client)
      let error = await #expect(throws: MarketplaceError.self) { try await adapter.order("1") }
      #expect(error?.errorClass == .malformed)
    }
  }
}
