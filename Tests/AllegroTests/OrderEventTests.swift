import Allegro
import Events
import JSON
import Marketplaces
import Testing
import Time

@Suite struct OrderEventTests {
  // base64 of 1767268800000001 and so on, as the live service numbers its events.
  static let ids = ["MTc2NzI2ODgwMDAwMDAwMQ", "MTc2NzI2ODgwMDAwMDAwMg", "MTc2NzI2ODgwMDAwMDAwMw"]

  @Test func `live, the checkout form decides and the event's own content nothing`() async throws {
    let allegro = ScriptedAllegro([
      "/order/events": ["events": [orderEvent(Self.ids[0], "READY_FOR_PROCESSING", form: "f-1")]],
      "/order/checkout-forms/f-1": form("f-1"),
    ])
    let page = try await allegro.adapter(.live).page(
      FeedRequest(feed: .orderEvents, cursor: "MTA", limit: 50))
    #expect(allegro.calls.first?.target == "/order/events?limit=50&from=MTA")
    let event = try #require(page.events.first)
    #expect(event.id == "allegro:6f1c0000-0000-4000-8000-000000000001:\(Self.ids[0])")
    #expect(event.type == .orderUpdated && event.change == "paid" && event.marketplaceId == 7)
    #expect(
      event.time == Timestamp("2026-01-01T12:00:06Z") && event.observedAt == Timestamp("2026-01-01T12:00:10Z")
    )
    let order = try #require(event.order)
    #expect(order.status == .paid && order.financialStatus == "paid" && order.eligible)
    #expect(order.placedAt == Timestamp("2026-01-01T12:00:00Z"))
    #expect(order.updatedAt == Timestamp("2026-01-01T12:00:05.123Z"))
    #expect(order.total == Money("104.98") && order.currency == "PLN" && order.buyer?.name == "Jan Kowalski")
    #expect(order.shippingAddress == .null)
    let lines = try #require(order.lines)
    #expect(lines.map(\.quantity) == [2, 1])
    #expect(lines.map(\.externalId) == ["li-f-1", "li2-f-1"])
    #expect(lines.map(\.sku) == ["SKU-0001", nil])
    #expect(page.nextCursor == Self.ids[0] && page.isLast && page.calls == 2)
    // It must pass the language's own reader.
    let bytes = event.encode()
    let decoded = try bytes.withUnsafeBytes { buffer in try Event.decode(buffer) }
    #expect(decoded.id == event.id)
  }

  @Test func `a form is read once for many events, a form that merged away is skipped`() async throws {
    let allegro = ScriptedAllegro([
      "/order/events": [
        "events": [
          orderEvent(Self.ids[0], "BOUGHT", form: "f-1"), orderEvent(Self.ids[1], "FILLED_IN", form: "f-1"),
          orderEvent(Self.ids[2], "BOUGHT", form: "gone"),
        ]
      ],
      "/order/checkout-forms/f-1": form("f-1", status: "FILLED_IN"),
    ])
    let page = try await allegro.adapter(.live).page(FeedRequest(feed: .orderEvents, limit: 50))
    #expect(page.events.map(\.type) == [.orderCreated, .orderUpdated])
    #expect(page.events.map(\.order?.status) == [.new, .new])
    #expect(page.events[0].order?.financialStatus == "pending")
    #expect(page.reason(2)?.contains("gone") == true)
    #expect(allegro.calls.count == 3)
  }

  @Test func `a cancellation takes its moment from the event, since updatedAt need not move`() async throws {
    let allegro = ScriptedAllegro([
      "/order/events": ["events": [orderEvent(Self.ids[0], "AUTO_CANCELLED", form: "f-1")]],
      "/order/checkout-forms/f-1": form("f-1", status: "CANCELLED"),
    ])
    let page = try await allegro.adapter(.live).page(FeedRequest(feed: .orderEvents, limit: 50))
    let order = try #require(page.events.first?.order)
    #expect(order.status == .cancelled && order.cancelledAt == Timestamp("2026-01-01T12:00:06Z"))
    #expect(page.events.first?.change == "cancelled")
  }

  @Test func `a parcel's number is read when the order was sent`() async throws {
    let allegro = ScriptedAllegro([
      "/order/events": ["events": [orderEvent(Self.ids[0], "FULFILLMENT_STATUS_CHANGED", form: "f-1")]],
      "/order/checkout-forms/f-1": form("f-1", fulfillment: "SENT"),
      "/order/checkout-forms/f-1/shipments": [
        "shipments": [["id": "s", "waybill": "W-1", "carrierId": "INPOST", "trackingUrl": "https://t/W-1"]]
      ],
    ])
    let page = try await allegro.adapter(.live).page(FeedRequest(feed: .orderEvents, limit: 50))
    let event = try #require(page.events.first)
    #expect(event.change == "sent" && event.order?.status == .shipped)
    #expect(event.order?.tracking == [Tracking(carrier: "INPOST", number: "W-1", url: "https://t/W-1")])
  }

  @Test(arguments: [
    ("ORDER_CREATED", EventType.orderCreated, "created"), ("ORDER_PAID", .orderUpdated, "paid"),
    ("ORDER_SENT", .orderUpdated, "sent"), ("ORDER_CANCELLED", .orderUpdated, "cancelled"),
    ("ORDER_FULFILLED", .orderUpdated, "fulfilled"), ("ORDER_REFUNDED", .orderUpdated, "refunded"),
    ("ORDER_UPDATED", .orderUpdated, "updated"),
  ])
  func `documented types mean what the requirements say`(
    word: String, type: EventType, change: String
  ) async throws {
    let order: JSON = [
      "id": "o-1", "number": "100023", "status": "NEW", "createdAt": "2026-01-01T11:59:00Z",
      "updatedAt": "2026-01-01T12:00:00Z", "cancelledAt": nil, "payment": ["status": "VOIDED"],
      "lineItems": [["id": "l", "offer": ["id": "9"], "quantity": 1]],
    ]
    let event: JSON = [
      "id": "event-id-456", "type": .string(word), "occurredAt": "2026-01-01T12:00:00Z", "order": order,
    ]
    let allegro = ScriptedAllegro(["/order/events": ["events": [event], "lastEventId": "event-id-456"]])
    let page = try await allegro.adapter(.documented)
      .page(FeedRequest(feed: .orderEvents, cursor: "event-id-455", limit: 10))
    #expect(allegro.calls.map(\.target) == ["/order/events?limit=10&after=event-id-455"])
    #expect(page.events.map(\.type) == [type])
    #expect(page.events.first?.change == change)
    #expect(page.events.first?.order?.number == "100023")
    #expect(page.events.first?.order?.placedAt == Timestamp("2026-01-01T11:59:00Z"))
    #expect(page.events.first?.order?.eligible == false)
  }

  @Test func `zero, less and absent quantities are kept, half a piece is refused, and only that event`()
    async throws
  {
    let allegro = ScriptedAllegro([
      "/order/events": [
        "events": .array(zip(Self.ids, ["zero", "minus", "half"]).map { orderEvent($0, "BOUGHT", form: $1) })
      ],
      "/order/checkout-forms/zero": form("zero", quantity: 0),
      "/order/checkout-forms/minus": form("minus", quantity: -1),
      "/order/checkout-forms/half": form("half", quantity: 1.5),
    ])
    let page = try await allegro.adapter(.live).page(FeedRequest(feed: .orderEvents, limit: 50))
    #expect(page.events.map { $0.order?.lines?.first?.quantity } == [0, -1])
    #expect(page.reason(2) == "line 1: quantity 1.5 is not a whole number")
  }

  @Test func `what nobody has a use for is kept and skipped, what has no id or time fails alone`()
    async throws
  {
    let allegro = ScriptedAllegro([
      "/order/events": [
        "events": [
          orderEvent(Self.ids[0], "SOMETHING_NEW", form: "f"), ["type": "BOUGHT"], 5,
          ["id": .string(Self.ids[1]), "type": "BOUGHT", "occurredAt": "2026-01-01T12:00:00Z", "order": nil],
        ]
      ]
    ])
    let page = try await allegro.adapter(.live).page(FeedRequest(feed: .orderEvents, limit: 50))
    #expect(page.events.isEmpty && page.items.count == 4)
    #expect(page.nextCursor == Self.ids[1])
  }

  @Test func `a service without order events says so`() async throws {
    await #expect(throws: MarketplaceError.notFound("/order/events")) {
      try await ScriptedAllegro([:]).adapter(.live).page(FeedRequest(feed: .orderEvents, limit: 50))
    }
  }

  @Test func `what happened before the connection was made is history`() async throws {
    let allegro = ScriptedAllegro([
      "/order/events": ["events": [orderEvent(Self.ids[0], "BOUGHT", form: "f-1")]],
      "/order/checkout-forms/f-1": form("f-1"),
    ])
    let adapter = AllegroAdapter(
      connection: .test(.live, createdAt: "2026-02-01T00:00:00Z"),
      client: MarketplaceClient(
        transport: allegro, authorisation: FixedAuthorisation(.init(name: "authorization", value: "t"))))
    let page = try await adapter.page(FeedRequest(feed: .orderEvents, limit: 50))
    #expect(page.events.first?.backfill == true)
  }
}
