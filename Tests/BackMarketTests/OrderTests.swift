import BackMarket
import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time

/// A Back Market whose answers are written here.
struct Scripted {
  let transport: ScriptedTransport
  let adapter: BackMarketAdapter

  init(_ answers: [String: ScriptedTransport.Answer], connection: MarketplaceConnection = .test(.backmarket))
  {
    transport = ScriptedTransport(answers)
    adapter = BackMarketAdapter(connection: connection, client: transport.client)
  }

  /// One order, read by its id.
  static func read(_ order: JSON) async throws -> FeedItem {
    try await Scripted(["/ws/orders/1": .init(order)]).adapter.order("1")
  }
}

func line(_ state: Int, id: JSON = 37195, quantity: JSON = 2, price: JSON = "229.0") -> JSON {
  [
    "id": id, "state": .integer(state), "listing": "SKU-1", "listing_id": 142, "product": "Phone",
    "quantity": quantity, "price": price,
  ]
}

func order(_ state: Int, _ lines: [JSON]?, modified: JSON = "2026-01-01T12:00:05Z") -> JSON {
  [
    "order_id": 5978, "state": .integer(state), "date_creation": "2026-01-01T12:00:00.123456Z",
    "date_modification": modified, "date_payment": "2026-01-01T12:00:01.123Z", "date_shipping": nil,
    "tracking_number": nil, "shipping_address": ["firstName": "Victor", "lastName": "Hugo"],
    "orderlines": lines.map { .array($0) } ?? nil, "price": "458.00", "shipping_price": "5.99",
    "currency": "EUR",
  ]
}

@Suite struct OrderTests {
  @Test(arguments: [
    ([1, 1], 1, OrderStatus.paid), ([2, 1], 1, .processing), ([2, 2], 3, .processing), ([3, 3], 9, .shipped),
    ([4, 3], 9, .shipped), ([4, 4], 9, .cancelled), ([5, 7], 1, .cancelled), ([6, 6], 9, .refunded),
    ([6, 3], 9, .shipped), ([8, 8], 10, .new), ([0], 8, .cancelled),
  ])
  func `the lines' states make the order's`(lines: [Int], state: Int, status: OrderStatus) async throws {
    let item = try await Scripted.read(order(state, lines.map { line($0) }))
    #expect(item.order?.status == status)
  }

  @Test func `a cancelled line is no part of the order any more, a line refunded after shipping still is`()
    async throws
  {
    let read = try await Scripted.read(
      order(9, [line(3, id: 1), line(4, id: 2), line(5, id: 3), line(6, id: 4)]))
    let lines = try #require(read.order?.lines)
    #expect(lines.map(\.externalId) == ["1", "4"] && lines.map(\.restocked) == [0, 0])
    #expect(read.order?.financialStatus == "partially_refunded")
    let rest = try await Scripted.read(order(1, [line(1, id: 1), line(4, id: 2)]))
    #expect(rest.order?.financialStatus == "paid" && rest.order?.eligible == true)
    let off = try await Scripted.read(order(9, [line(4, id: 1), line(7, id: 2)]))
    #expect(off.order?.lines?.count == 2 && off.order?.status == .cancelled)
    guard case .event(let event) = off.meaning else {
      Issue.record("no event")
      return
    }
    #expect(event.type == .orderCancelled)
  }

  @Test func `money, buyer, moments and lines are read as they are written`() async throws {
    let read = try #require(try await Scripted.read(order(1, [line(1)])).order)
    #expect(read.externalId == "5978" && read.total == Money("463.99") && read.currency == "EUR")
    #expect(read.buyer?.name == "Victor Hugo" && read.placedAt == Timestamp("2026-01-01T12:00:00.123456Z"))
    let first = try #require(read.lines?.first)
    #expect(first.listingId == "142" && first.sku == "SKU-1" && first.unitPrice == Money("229.0"))
  }

  @Test func `7 of two states within one second the later one wins, whichever is read last`() async throws {
    let (early, late) = (
      try #require(try await Scripted.read(order(1, [line(1)])).order),
      try #require(try await Scripted.read(order(9, [line(3)])).order)
    )
    #expect(try #require(early.updatedAt) < #require(late.updatedAt))
    #expect(late.updatedAt?.secondsSince1970 == Timestamp("2026-01-01T12:00:05Z")?.secondsSince1970)
  }

  @Test func `14 null objects are no lines, no parcel and no buyer`() async throws {
    var bare = order(1, nil)
    bare["shipping_address"] = nil
    let read = try #require(try await Scripted.read(bare).order)
    #expect(read.lines == nil && read.tracking.isEmpty && read.buyer == nil)
  }

  @Test func `16 an order first seen cancelled says so, though it was paid`() async throws {
    let read = try #require(try await Scripted.read(order(9, [line(4)])).order)
    #expect(read.isCancelled && read.financialStatus == "refunded" && !read.eligible)
  }

  @Test func `17 ids beyond 2 to the 53 keep every digit`() async throws {
    var big = order(1, [line(1, id: .number("9223372036854775807"))])
    big["order_id"] = .number("9007199254740993")
    let read = try #require(try await Scripted.read(big).order)
    #expect(read.externalId == "9007199254740993" && read.lines?.first?.externalId == "9223372036854775807")
  }

  @Test func `19 zero and less are kept, half a piece fails alone`() async throws {
    let odd = order(
      1, [line(1, id: 1, quantity: 0), line(1, id: 2, quantity: -1), line(1, id: 3, quantity: nil)])
    #expect(try await Scripted.read(odd).order?.lines?.map(\.quantity) == [0, -1, 1])
    let half = try await Scripted.read(order(1, [line(1, quantity: 1.5)]))
    #expect(half.reason == "line 37195: quantity 1.5 is not a whole number")
  }

  @Test func `20 money may be a string, a whole number or a decimal`() async throws {
    for (written, read) in [("70", "70"), (3, "3"), ("123.45", "123.45"), (0.5, "0.5")] as [(JSON, String)] {
      let order = try await Scripted.read(order(1, [line(1, price: written)])).order
      #expect(order?.lines?.first?.unitPrice == Money(read))
    }
  }

  @Test func `22 a time without a zone is UTC, nanoseconds are cut`() async throws {
    let bare = try await Scripted.read(order(1, [line(0)], modified: "2026-01-01T12:00:05")).order
    #expect(bare?.updatedAt == Timestamp("2026-01-01T12:00:05Z"))
    let fine = try await Scripted.read(order(1, [line(0)], modified: "2026-01-01T12:00:05.123456789Z")).order
    #expect(fine?.updatedAt == Timestamp("2026-01-01T12:00:05.123456Z"))
  }

  @Test func `23 a zero byte in a name does no harm`() async throws {
    var odd = order(1, [line(1)])
    odd["shipping_address"] = ["firstName": "Vic\u{0}tor", "lastName": "Hugo 👕"]
    let found = try await Scripted.read(odd)
    let event = try #require(found.event)
    let decoded = try event.encode().withUnsafeBytes { try Event.decode($0) }
    #expect(decoded.id == event.id)
  }

  @Test func `24 a page for people is no answer, whatever its status`() async throws {
    for answer in [
      ScriptedTransport.Answer(403, "<html>Just a moment…</html>"), .init(200, "<!DOCTYPE html>"),
      .init(200, #"{"results":[{"order_id"#),
    ] {
      let error = await #expect(throws: MarketplaceError.self) {
        try await Scripted(["/ws/orders/1": answer]).adapter.order("1")
      }
      #expect(error?.errorClass == .malformed)
    }
  }

  @Test func `a closed complaint is no dispute any more, one that names no order fails alone`() async throws {
    func folder(_ id: Int, state: Int, order: JSON) -> JSON {
      [
        "id": .integer(id), "state": .integer(state), "date_creation": "2026-01-01T12:00:00+00:00",
        "orderline": ["id": 1, "order": order],
      ]
    }
    let list: JSON = ["results": [["id": 1], ["id": 2], ["id": 3]], "next": nil]
    let adapter = Scripted([
      "/ws/sav": .init(list), "/ws/sav/1": .init(folder(1, state: 0, order: ["order_id": 5978])),
      "/ws/sav/2": .init(folder(2, state: 9, order: ["order_id": 5979])),
      "/ws/sav/3": .init(folder(3, state: 0, order: nil)),
    ]).adapter
    let window = FeedRequest.Window(from: .epoch, to: .epoch)
    let page = try await adapter.page(FeedRequest(feed: .disputes, window: window, limit: 10))
    #expect(page.events.map(\.type) == [.disputeInitiated] && page.isLast)
    #expect(page.items[1].reason == "care folder 2 is closed")
    #expect(page.items[2].reason == "care folder 3 names no order")
  }

  @Test func `every call names its market and who calls`() async throws {
    let scripted = Scripted(
      ["/ws/listings": .init(["results": [], "next": nil])],
      connection: .test(
        .backmarket, name: "Łódź Phones", userId: "me@shop.example", baseURL: "https://www.backmarket.fr"))
    try await scripted.adapter.check()
    let headers = try #require(scripted.transport.calls.first?.headers)
    #expect(headers.contains { $0.name == "accept-language" && $0.value == "fr-fr" })
    #expect(
      headers.contains { $0.name == "user-agent" && $0.value == "BM-dPhones-Crossdock;me@shop.example" })
  }

  @Test func `what Back Market can't do is said plainly`() async throws {
    let adapter = Scripted([:]).adapter
    #expect(!adapter.features.webhooks && !adapter.features.messages)
    await #expect(throws: MarketplaceError.self) {
      try await adapter.page(FeedRequest(feed: .orderEvents, limit: 1))
    }
    await #expect(throws: MarketplaceError.self) {
      try await adapter.send(BuyerMessage(orderId: "1", text: "m"))
    }
  }
}
