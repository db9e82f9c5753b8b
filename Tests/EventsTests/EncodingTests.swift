import Events
import JSON
import Testing
import Time

@Suite struct EncodingTests {
  @Test func `what is read and written is the contract's body`() throws {
    let written = try JSON.parse(Event.decode(Bodies.orderText).encode())
    #expect(try written == Bodies.order)
  }

  @Test func `the same event always gives the same bytes`() throws {
    #expect(try Event.decode(Bodies.order).encode() == Event.decode(Bodies.orderText).encode())
  }

  @Test func `source and subject follow from the rest`() {
    let event = Event(
      id: "1", type: .inventoryUpdated, time: .epoch, connectionId: Bodies.connectionId, platform: "shopify",
      subjectData: .inventory(Inventory(listingId: "9", quantity: nil, asOf: .epoch)))
    #expect(event.source == "/connections/\(Bodies.connectionId)")
    #expect(event.subject == "inventory/9")
    let json = try? JSON.parse(event.encode())
    #expect(json?["data"]["inventory"].object["quantity"] == .null)
  }

  @Test func `every field of every subject comes back`() throws {
    let time = try #require(Timestamp("2026-01-01T12:00:00.25Z"))
    let order = Order(
      externalId: "1", status: .refunded, eligible: false, cancelledAt: time,
      shippingAddress: ["a": [1, nil]],
      lines: [OrderLine(externalId: "2", quantity: -3, restocked: 2, unitPrice: Money("-0.50"))])
    let payloads: [(EventType, Event.Payload)] = [
      (.orderUpdated, .order(order)),
      (
        .disputeInitiated,
        .dispute(Dispute(externalId: "1", orderId: "2", reason: "r", openedAt: time), order)
      ),
      (.disputeInitiated, .dispute(Dispute(externalId: "1", orderId: "2"), nil)),
      (
        .inventoryUpdated,
        .inventory(Inventory(listingId: "1", sku: "s", locationId: "l", quantity: -1, asOf: time))
      ),
      (
        .offerUpdated,
        .offer(
          Offer(
            externalId: "1", sku: "s", title: "t", status: "u", price: Money("1"), currency: "EUR",
            updatedAt: time))
      ),
      (
        .productUpdated,
        .product(
          Product(
            externalId: "1", title: "t", description: "d", status: "s", updatedAt: time,
            variants: [.init(externalId: "2", sku: "s", barcode: "b", price: Money("1.0"), currency: "EUR")]))
      ),
      (
        .stockChanged,
        .stock(Stock(variationId: 1, sku: "s", marketplaceId: 2, onHand: -5, listedStock: 0, cause: "c"))
      ),
      (.stockTopup, .topup(Topup(sku: "s", variationId: 1, quantity: 2, adminId: "a", notes: "n\n\""))),
    ]
    for (type, payload) in payloads {
      let event = Event(
        id: "id", type: type, time: time, connectionId: Bodies.connectionId, platform: "ebay",
        marketplaceId: 3,
        change: "c", backfill: true, observedAt: time, subjectData: payload, source: "/s", subject: "s")
      #expect(try Event.decode(event.encode()) == event)
    }
  }
}
