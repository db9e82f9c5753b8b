import Allegro
import Events
import JSON
import Marketplaces
import Testing
import Time

@Suite struct OfferTests {
  @Test func `a change of stock fetches the offer and is true as of the answer's date`() async throws {
    let allegro = ScriptedAllegro([
      "/sale/offer-events": [
        "offerEvents": [
          offerEvent("e-1", "OFFER_STOCK_CHANGED", offer: "1"),
          offerEvent("e-2", "OFFER_STOCK_CHANGED", offer: "1"),
          offerEvent("e-3", "OFFER_PRICE_CHANGED", offer: "1"),
          offerEvent("e-4", "OFFER_STOCK_CHANGED", offer: "none"),
          offerEvent("e-5", "OFFER_BID_PLACED", offer: "1"), offerEvent("e-6", "OFFER_ENDED", offer: "none"),
        ]
      ],
      "/sale/product-offers/1": offer("1", available: 12),
    ])
    let page = try await allegro.adapter(.live).page(FeedRequest(feed: .offerEvents, limit: 100))
    #expect(page.events.map(\.type) == [.inventoryUpdated, .inventoryUpdated, .offerUpdated, .offerEnded])
    let inventory = try #require(page.events.first?.inventory)
    #expect(inventory.quantity == 12 && inventory.sku == "SKU-1" && inventory.listingId == "1")
    #expect(inventory.asOf == Timestamp("2026-01-01T12:00:10Z"))
    #expect(page.events[0].time == Timestamp("2026-01-01T12:00:06Z"))
    #expect(page.events[2].offer?.price == Money("49.99"))
    #expect(page.reason(3) == "there is no offer none")
    #expect(page.reason(4) == "nothing here has a use for OFFER_BID_PLACED")
    #expect(allegro.calls.count == 3)
  }

  @Test func `many offers are read by few calls of the list, and those it lacks one by one`() async throws {
    let numbers = (1...12).map(String.init)
    var answers: [String: JSON] = [
      "/sale/offer-events": [
        "events": .array(
          numbers.map {
            offerEvent("event-id-\($0)", "OFFER_QUANTITY_CHANGED", offer: $0, sku: .string("SKU-" + $0))
          })
      ],
      "/sale/offers": ["offers": .array(numbers.dropLast().map { offer($0, available: 3) })],
    ]
    answers["/sale/product-offers/12"] = offer("12", available: 4)
    let allegro = ScriptedAllegro(answers)
    let page = try await allegro.adapter(.documented).page(FeedRequest(feed: .offerEvents, limit: 100))
    #expect(page.events.compactMap(\.inventory?.quantity) == Array(repeating: 3, count: 11) + [4])
    #expect(allegro.calls.count == 3 && page.calls == 3)
    #expect(allegro.calls[1].query.filter { $0.name == "external.id" }.count == 12)
  }

  @Test func `what is no quantity fails alone, below zero is kept`() async throws {
    let allegro = ScriptedAllegro([
      "/sale/offer-events": [
        "events": [
          offerEvent("event-id-1", "OFFER_STOCK_CHANGED", offer: "1"),
          offerEvent("event-id-2", "OFFER_STOCK_CHANGED", offer: "2"),
          offerEvent("event-id-3", "OFFER_STOCK_CHANGED", offer: "3"),
        ]
      ],
      "/sale/product-offers/1": offer("1", available: 1.5),
      "/sale/product-offers/2": offer("2", available: -1),
      "/sale/product-offers/3": offer("3", available: nil),
    ])
    let page = try await allegro.adapter(.documented).page(FeedRequest(feed: .offerEvents, limit: 100))
    #expect(page.events.map(\.inventory?.quantity) == [-1])
    #expect(page.reason(0) == "offer 1: '1.5' is not a quantity")
    #expect(page.reason(2) != nil)
  }

  @Test func `a page of listings is a snapshot of each, with moment and quantity in its id`() async throws {
    let allegro = ScriptedAllegro([
      "/sale/offers": [
        "offers": [offer("1", available: 12), offer("2", available: nil)], "count": 2, "totalCount": 9,
      ]
    ])
    let page = try await allegro.adapter(.live).page(FeedRequest(feed: .listings, cursor: "4", limit: 2))
    #expect(allegro.calls.map(\.target) == ["/sale/offers?limit=2&offset=4"])
    #expect(page.listings.map(\.externalId) == ["1", "2"])
    #expect(page.items.map(\.raw.id) == ["listing/1@2026-01-01T12:00:10Z#12"])
    #expect(page.nextCursor == "6" && !page.isLast)
  }

  @Test func `a quantity is written by a patch of the offer`() async throws {
    let allegro = ScriptedAllegro(["/sale/product-offers/a%2Fb": [:]])
    let written = try await allegro.adapter(.live)
      .setQuantity(of: "a/b", to: 8, replacing: nil, idempotencyKey: "k")
    #expect(written == StockWritten(quantity: 8, at: try #require(Timestamp("2026-01-01T12:00:10Z"))))
    let call = try #require(allegro.calls.first)
    #expect(
      call.method == .patch
        && String(decoding: call.body ?? [], as: UTF8.self) == #"{"stock":{"available":8}}"#)
  }

  @Test func `what Allegro can't do is said plainly`() async throws {
    do {
      _ = try await ScriptedAllegro([:]).adapter(.live).webhooks()
      Issue.record("webhooks")
    } catch {
      #expect(error.errorClass == .unsupported)
    }
  }
}
