import Allegro
import JSON
import Marketplaces
import Testing

@Suite struct CursorTests {
  static let old = "MTc2NzI2ODgwMDAwMDAwMQ"
  static let new = "MTc2NzI2ODgwMDAwMDAwMw"

  @Test(arguments: [
    (MarketplaceConnection.Dialect.live, "from", "documented"), (.documented, "after", "live"),
  ])
  func `a page that starts at or behind the cursor stops the feed and says what to do`(
    dialect: MarketplaceConnection.Dialect, parameter: String, other: String
  ) async throws {
    let ignoring = ScriptedAllegro([
      "/sale/offer-events": ["events": [offerEvent(Self.old, "OFFER_ENDED", offer: "1")]]
    ])
    for cursor in [Self.old, Self.new] {
      do {
        _ = try await ignoring.adapter(dialect).page(
          FeedRequest(feed: .offerEvents, cursor: cursor, limit: 10))
        Issue.record("a page")
      } catch {
        #expect(error.errorClass == .cursorIgnored)
        #expect(error.description.contains("ignored the cursor parameter '\(parameter)'"))
        #expect(error.description.contains("set it to \(other)"))
      }
    }
  }

  @Test func `ids that can't be compared are caught when the cursor itself comes again`() async throws {
    let ignoring = ScriptedAllegro([
      "/sale/offer-events": [
        "events": [offerEvent("x", "OFFER_ENDED", offer: "1"), offerEvent("y", "OFFER_ENDED", offer: "1")]
      ]
    ])
    await #expect(throws: MarketplaceError.self) {
      try await ignoring.adapter(.documented).page(FeedRequest(feed: .offerEvents, cursor: "y", limit: 10))
    }
    let page = try await ignoring.adapter(.documented).page(
      FeedRequest(feed: .offerEvents, cursor: "w", limit: 10))
    #expect(page.nextCursor == "y")
  }

  @Test func `a page behind the cursor goes on from its last event, an empty one stays`() async throws {
    let good = ScriptedAllegro([
      "/sale/offer-events": ["offerEvents": [offerEvent(Self.new, "OFFER_ENDED", offer: "1")]]
    ])
    let page = try await good.adapter(.live).page(FeedRequest(feed: .offerEvents, cursor: Self.old, limit: 1))
    #expect(page.nextCursor == Self.new && !page.isLast)
    let empty = ScriptedAllegro(["/sale/offer-events": ["offerEvents": []]])
    let end = try await empty.adapter(.live).page(FeedRequest(feed: .offerEvents, cursor: Self.new, limit: 1))
    #expect(end.nextCursor == Self.new && end.isLast)
  }

  @Test func `an answer that is no page is malformed`() async throws {
    await #expect(throws: MarketplaceError.self) {
      try await ScriptedAllegro(["/sale/offer-events": ["x": 1]]).adapter(.live)
        .page(FeedRequest(feed: .offerEvents, limit: 1))
    }
  }

  @Test func `where the journal ends is asked for, and may be nowhere`() async throws {
    let some = ScriptedAllegro([
      "/order/event-stats": ["latestEvent": ["id": "e-9", "occurredAt": "2026-01-01T00:00:00Z"]]
    ])
    let someorderEvents = try await some.adapter(.live).latestCursor(of: .orderEvents)
    #expect(someorderEvents == "e-9")
    let none = ScriptedAllegro([
      "/order/event-stats": ["latestEvent": nil], "/sale/offer-events": ["events": []],
    ])
    let noneorderEvents = try await none.adapter(.live).latestCursor(of: .orderEvents)
    #expect(noneorderEvents == nil)
    let noneofferEvents = try await none.adapter(.live).latestCursor(of: .offerEvents)
    #expect(noneofferEvents == nil)
  }
}
