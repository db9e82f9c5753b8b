import JSON
import Marketplaces
import Shopify
import Testing
import Time

@Suite struct CostTests {
  static func cost(requested: Int, available: Int, rate: Int = 100) -> JSON {
    [
      "requestedQueryCost": .integer(requested), "actualQueryCost": nil,
      "throttleStatus": [
        "maximumAvailable": 2000, "currentlyAvailable": .integer(available), "restoreRate": .integer(rate),
      ],
    ]
  }

  @Test func `THROTTLED with status 200 is a rate limit, and says until when`() async throws {
    let shop = ScriptedShopify([
      "Orders": [refusal("THROTTLED", cost: Self.cost(requested: 700, available: 200))]
    ])
    await #expect(throws: MarketplaceError.rateLimited(retryAfter: .seconds(5))) { try await shop.orders() }
  }

  @Test func `what the points do not allow is not asked at all`() async throws {
    var answer = page("orders", [])
    answer["extensions"] = ["cost": Self.cost(requested: 700, available: 100)]
    let shop = ScriptedShopify(["Orders": [answer]])
    let adapter = shop.adapter()
    let window = FeedRequest.Window(from: at("11:00:00"), to: at("12:00:00"))
    let request = FeedRequest(feed: .orders, window: window, limit: 50)
    _ = try await adapter.page(request)
    do {
      _ = try await adapter.page(request)
      Issue.record("it asked though there were no points")
    } catch {
      #expect(error.errorClass == .rateLimited && error.retryAfter.map { $0 > .seconds(4) } == true)
    }
    #expect(shop.calls.count == 1)
  }

  @Test func `a page that is too costly at once is asked in smaller ones, and remembered`() async throws {
    let shop = ScriptedShopify([
      "Orders": [refusal("MAX_COST_EXCEEDED"), refusal("MAX_COST_EXCEEDED"), page("orders", [order()])]
    ])
    let adapter = shop.adapter()
    let window = FeedRequest.Window(from: at("11:00:00"), to: at("12:00:00"))
    for _ in 1...2 { _ = try await adapter.page(FeedRequest(feed: .orders, window: window, limit: 100)) }
    #expect(shop.calls.map { $0.variables["first"].integer } == [100, 50, 25, 25])
  }

  @Test func `other errors of GraphQL are refusals, and no data at all is no answer`() async throws {
    let denied = ScriptedShopify(["Orders": [refusal("ACCESS_DENIED")]])
    await #expect(throws: MarketplaceError.unauthorised("access_denied")) { try await denied.orders() }
    let odd = ScriptedShopify(["Orders": [refusal("undefinedField")]])
    await #expect(throws: MarketplaceError.rejected(status: 200, "undefinedfield (undefinedField)")) {
      try await odd.orders()
    }
    let empty = ScriptedShopify(["Orders": [[:]]])
    await #expect(throws: MarketplaceError.malformed("a GraphQL answer has neither data nor errors")) {
      try await empty.orders()
    }
  }
}
