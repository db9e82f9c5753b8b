import Allegro
import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time

/// Disputes and messages against the simulator's shop, whose clock stands still until it is told to go on.
@Suite struct DisputeTests {
  let shop: ShopTransport
  let adapter: AllegroAdapter

  init() async throws {
    shop = try #require(ShopTransport("allegro-live"))
    let secrets = Secrets(shop.credentials.object)
    let oauth = AllegroOAuth(
      transport: shop, baseURL: "http://shop",
      application: .init(clientId: secrets.text("clientId"), clientSecret: secrets.text("clientSecret")))
    let pair = try await oauth.refresh(try #require(secrets.text("refreshToken")), secrets)
    adapter = AllegroAdapter(
      connection: .test(.allegro, createdAt: shop.now),
      client: MarketplaceClient(
        transport: shop,
        authorisation: FixedAuthorisation(.init(name: "authorization", value: "Bearer " + pair.accessToken))))
  }

  @Test func `every dispute names its order, however small the pages`() async throws {
    let begin = shop.now
    shop.placeOrders(200)
    shop.wait(.seconds(60))
    let disputed = shop.disputedOrders()
    #expect(disputed.count >= 3)
    for limit in [1, 100] {
      #expect(try await adapter.disputedOrders(since: begin, limit: limit).sorted() == disputed.sorted())
    }
    // The walk ends at what was opened before the window, not at the end of the list.
    let calls = shop.calls.count
    _ = try await adapter.disputedOrders(since: shop.now + .seconds(1), limit: 1)
    #expect(shop.calls.count == calls + 1)
  }

  @Test func `a dispute that is first seen closed is nobody's concern`() async throws {
    let closed: JSON = [
      "id": "i-1", "openedDate": "2026-01-01T12:00:00Z", "currentState": ["status": "DISPUTE_CLOSED"],
      "checkoutForm": ["id": "o-1"],
    ]
    let nameless: JSON = ["id": "i-2", "currentState": ["status": "CLAIM_SUBMITTED"]]
    let page = try await AllegroAdapter(
      connection: .test(.allegro),
      client: ScriptedTransport(["/sale/issues": ["issues": [closed, nameless]]]).client
    ).page(FeedRequest(feed: .disputes, window: .init(from: .epoch, to: shop.now), limit: 10))
    #expect(page.items.map(\.reason) == ["dispute i-1 is closed", "dispute i-2 names no order"])
  }

  @Test func `what may have arrived is looked for among the threads since then`() async throws {
    shop.placeOrders(60)
    let orders = try shop.orders().compactMap { $0["externalId"].text }
    let started = shop.now
    try await adapter.send(BuyerMessage(orderId: orders[0], text: "Hello"))
    for order in orders.dropFirst() {
      try await adapter.send(BuyerMessage(orderId: order, text: "Hello too"))
    }
    let posts = shop.calls.filter { $0.method == .post }.count
    try await adapter.send(BuyerMessage(orderId: orders[0], text: "Hello", triedAt: started))
    #expect(shop.calls.filter { $0.method == .post }.count == posts)
    try await adapter.send(BuyerMessage(orderId: orders[0], text: "Another", triedAt: started))
    #expect(shop.calls.filter { $0.method == .post }.count == posts + 1)
  }
}
