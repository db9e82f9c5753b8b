import Events
import JSON
import Testing
import Time

@Suite struct DecodingTests {
  @Test func `the event of the contract is read whole`() throws {
    let event = try Event.decode(Bodies.orderText)
    #expect(event.id == "allegro:\(Bodies.connectionId):event-id-456")
    #expect(event.source == "/connections/\(Bodies.connectionId)")
    #expect(event.type == .orderCreated)
    #expect(event.subject == "order/820982911946154508")
    #expect(event.time == Timestamp("2026-01-01T12:00:00Z"))
    #expect(event.connectionId == Bodies.connectionId)
    #expect(event.platform == "allegro")
    #expect(event.marketplaceId == 1)
    #expect(event.change == "created")
    #expect(event.backfill == false)
    #expect(event.observedAt == nil)
    #expect(event.routingKey == "allegro.order.created")
    let order = try #require(event.order)
    #expect(order.externalId == "820982911946154508")
    #expect(order.number == "#1001")
    #expect(order.status == .new)
    #expect(order.financialStatus == "paid")
    #expect(order.fulfillmentStatus == "unfulfilled")
    #expect(order.eligible)
    #expect(order.placedAt == Timestamp("2026-01-01T11:59:58Z"))
    #expect(order.updatedAt == event.time)
    #expect(order.cancelledAt == nil)
    #expect(order.isCancelled == false)
    #expect(order.currency == "PLN")
    #expect(order.total?.text == "123.45")
    #expect(order.tax?.text == "23.08")
    #expect(order.shipping?.text == "9.99")
    #expect(order.buyer == Buyer(externalId: "b-1", name: "Żaneta 🐿", email: "z@example.com"))
    #expect(order.shippingAddress["city"].text == "Łódź")
    #expect(order.tracking == [Tracking(carrier: "DPD", number: "1", url: "https://example.com/1")])
    #expect(
      order.lines == [
        OrderLine(
          externalId: "li-1", listingId: "offer-9", sku: "SKU-0001", title: "Mug", quantity: 2,
          unitPrice: Money("49.99")),
        OrderLine(externalId: "li-2", sku: "SKU-0002"),
      ])
  }

  @Test func `keys may come in any order, the type last of all`() throws {
    let event = try Event.decode(Bodies.orderText)
    // The writer sorts keys, so that "data" comes first and "type" last.
    #expect(try Event.decode(Bodies.order) == event)
  }

  @Test func `of two types or two data the last counts`() throws {
    let text = Bodies.orderText
    let early = text.replacing(#"{"specversion""#, with: #"{"type":"offer.ended","data":{},"specversion""#)
    #expect(try Event.decode(early) == Event.decode(text))
    let late = String(text.dropLast()) + #","type":"order.shipped"}"#
    #expect(try Event.decode(late).type == .orderShipped)
    let replaced = String(text.dropLast()) + #","data":{"connectionId":"\#(Bodies.connectionId)"}}"#
    #expect(refusal(Array(replaced.utf8)) == "data.order is missing")
  }

  @Test func `unknown keys are ignored at every level`() throws {
    var body = try Bodies.order { order in
      order["extra"] = ["a": [1, [:]]]
      order["lines"] = [["externalId": "1", "extra": nil]]
    }
    body["extra"] = "x"
    body["data"]["offer"] = "not an offer, nor is one wanted"
    #expect(try Event.decode(body).order?.lines == [OrderLine(externalId: "1")])
  }

  @Test func `an event without a time happened at the epoch, always the same`() throws {
    var body = try Bodies.order
    body["time"] = .null
    #expect(try Event.decode(body).time == .epoch)
  }

  @Test func `a connection's UUID is the same in capitals`() throws {
    var body = try Bodies.order
    body["data"]["connectionId"] = "6F1C2B3A-0000-4000-8000-00000000000A"
    #expect(try Event.decode(body).connectionId == "6f1c2b3a-0000-4000-8000-00000000000a")
  }

  @Test func `ids beyond 2^53 stay whole, as number or as text (17)`() throws {
    let body = try Bodies.order { $0["externalId"] = .number("9007199254740993") }
    #expect(try Event.decode(body).order?.externalId == "9007199254740993")
    let text = try Bodies.order { $0["externalId"] = "9007199254740993" }
    #expect(try Event.decode(text).order == Event.decode(body).order)
  }

  @Test func `null is absent wherever a marketplace may write it (14)`() throws {
    let names = [
      "number", "financialStatus", "fulfillmentStatus", "eligible", "placedAt", "updatedAt", "cancelledAt",
      "currency", "total", "tax", "shipping", "buyer", "shippingAddress", "tracking", "lines",
    ]
    let order = try #require(
      try Event.decode(Bodies.order { order in for name in names { order[name] = .null } }).order)
    #expect(order == Order(externalId: "820982911946154508"))
    let line: JSON = [
      "externalId": "1", "listingId": nil, "sku": nil, "title": nil, "quantity": nil, "restocked": nil,
      "unitPrice": nil,
    ]
    #expect(try Event.decode(Bodies.lines(line)).order?.lines == [OrderLine(externalId: "1", quantity: 1)])
  }

  @Test func `no list of lines is not an empty list`() throws {
    #expect(try Event.decode(Bodies.lines()).order?.lines == [])
    #expect(try Event.decode(Bodies.order { $0["lines"] = .null }).order?.lines == nil)
  }

  @Test func `quantities of zero and less are kept but do not count (19)`() throws {
    let order = try Event.decode(
      Bodies.lines(
        ["externalId": "a", "quantity": 0], ["externalId": "b", "quantity": -1],
        ["externalId": "c", "quantity": "2"], ["externalId": "d", "quantity": .number("3.0")],
        ["externalId": "e"])
    ).order
    #expect(order?.lines?.map(\.quantity) == [0, -1, 2, 3, 1])
    #expect(order?.countedLines?.map(\.externalId) == ["c", "d", "e"])
  }

  @Test func `NUL and lone surrogates in a title are harmless (23)`() throws {
    let text = Bodies.orderText.replacing("Mug", with: #"M\u0000u\ud800g"#)
    #expect(try Event.decode(text).order?.lines?.first?.title == "M\u{FFFD}u\u{FFFD}g")
  }

  @Test func `times without a zone and with nanoseconds are taken (22)`() throws {
    let order = try Event.decode(
      Bodies.order { order in
        order["placedAt"] = "2026-01-01T11:59:58"
        order["updatedAt"] = "2026-01-01T13:00:00.123456789+01:00"
      }
    ).order
    #expect(order?.placedAt == Timestamp("2026-01-01T11:59:58Z"))
    #expect(order?.updatedAt == Timestamp("2026-01-01T12:00:00.123456Z"))
  }

  @Test func `money is exact, however it is written (20)`() throws {
    for (written, text): (JSON, String) in [
      ("70", "70"), ("123.45", "123.45"), (3, "3"), (.number("0.10"), "0.10"), ("1.234", "1.234"),
      ("-5", "-5"),
    ] {
      #expect(try Event.decode(Bodies.order { $0["total"] = written }).order?.total?.text == text)
    }
  }

  @Test func `the financial status is compared without case, and absent it is allowed`() {
    let allowed: Set = ["paid", "pending"]
    #expect(Order(externalId: "1", financialStatus: "PAID").hasFinancialStatus(among: allowed))
    #expect(!Order(externalId: "1", financialStatus: "voided").hasFinancialStatus(among: allowed))
    #expect(Order(externalId: "1").hasFinancialStatus(among: allowed))
  }

  @Test func `every other subject is read`() throws {
    let inventory = try Event.decode(
      Bodies.event(
        .inventoryUpdated,
        ["inventory": ["listingId": 44, "locationId": "l", "quantity": nil, "asOf": "2026-01-02T00:00:00Z"]]))
    #expect(
      inventory.inventory
        == Inventory(
          listingId: "44", locationId: "l", quantity: nil,
          asOf: try #require(Timestamp("2026-01-02T00:00:00Z"))))
    let product = try Event.decode(
      Bodies.event(
        .productUpdated,
        [
          "product": [
            "externalId": "p", "title": "T", "variants": [["externalId": "v", "sku": "S", "price": 5]],
          ]
        ]))
    #expect(
      product.product
        == Product(
          externalId: "p", title: "T", variants: [.init(externalId: "v", sku: "S", price: Money("5"))]))
    let offer = try Event.decode(
      Bodies.event(.offerEnded, ["offer": ["externalId": "o", "status": "ended"]]))
    #expect(offer.offer == Offer(externalId: "o", status: "ended"))
    let stock = try Event.decode(
      Bodies.event(
        .stockLow, ["stock": ["variationId": 7, "onHand": -2, "listedStock": 0, "marketplaceId": 3]]))
    #expect(stock.stock == Stock(variationId: 7, sku: nil, marketplaceId: 3, onHand: -2, listedStock: 0))
    let topup = try Event.decode(
      Bodies.event(.stockTopup, ["topup": ["sku": "S", "quantity": 5, "adminId": "a"]]))
    #expect(topup.topup == Topup(sku: "S", quantity: 5, adminId: "a"))
    let dispute = try Event.decode(
      Bodies.event(
        .disputeInitiated,
        ["dispute": ["externalId": "d", "orderId": 12, "reason": "r"], "order": ["externalId": 12]]))
    #expect(dispute.dispute == Dispute(externalId: "d", orderId: "12", reason: "r"))
    #expect(dispute.order == Order(externalId: "12"))
  }

  @Test func `a snapshot without a moment was true when the event happened`() throws {
    let event = try Event.decode(
      Bodies.event(.inventoryUpdated, ["inventory": ["sku": "S", "quantity": 4]]))
    #expect(event.inventory?.asOf == event.time)
  }
}
