import Events
import JSON
import Marketplaces
import Refurbed
import TestShops
import Testing
import Time

/// Against the simulator's shop.
@Suite struct ShopTests {
  let shop: ShopTransport
  let adapter: RefurbedAdapter

  init() throws {
    shop = try #require(ShopTransport("refurbed"))
    let token = try #require(shop.credentials["token"].text)
    adapter = RefurbedAdapter(
      connection: .test(.refurbed, createdAt: shop.now),
      client: MarketplaceClient(
        transport: shop,
        authorisation: FixedAuthorisation(.init(name: "authorization", value: "Plain " + token))))
  }

  @Test func `orders followed by windows end as they truly are, though none says when it changed`()
    async throws
  {
    var follower = Follower(adapter, limit: 50)
    let truth = try await follower.follow(shop)
    #expect(follower.problems.isEmpty && follower.differences(from: truth).isEmpty)
    #expect(truth.count > 100 && truth.contains { $0["cancelled"] == true })
    #expect(truth.contains { $0["status"] == "shipped" })
  }

  @Test func `what has not changed is the same item in the next window`() async throws {
    shop.wait(.seconds(10))
    shop.stop()
    var follower = Follower(adapter)
    let begin = shop.now - .seconds(60)
    try await follower.poll(at: shop.now, floor: begin)
    let known = follower.events.count
    shop.wait(.seconds(30))
    try await follower.poll(at: shop.now, floor: begin)
    #expect(follower.events.count == known && known > 20)
  }

  @Test func `a walk ends although orders keep coming with every page`() async throws {
    shop.wait(.seconds(5))
    #expect(try await adapter.pagesOfWalk(over: shop) < 30)
  }

  @Test func `an order can be read by its id, and is the same item as in the list`() async throws {
    shop.wait(.seconds(10))
    shop.stop()
    let window = FeedRequest.Window(from: shop.now - .seconds(60), to: shop.now)
    let item = try #require(
      try await adapter.page(FeedRequest(feed: .orders, window: window, limit: 1)).items.first)
    let id = try #require(item.order?.externalId)
    #expect(try await adapter.order(id) == item)
    await #expect(throws: MarketplaceError.self) { try await adapter.order("1") }
  }

  @Test func `the offers are all there, and stock is written`() async throws {
    shop.wait(.seconds(10))
    shop.stop()
    #expect(try await adapter.listingPages(limit: 90).stock == shop.stock())
    let one = try await adapter.page(FeedRequest(feed: .listings, limit: 1)).listings[0]
    _ = try await adapter.setQuantity(of: one.externalId, to: 77, replacing: nil, idempotencyKey: "k")
    #expect(try await adapter.listing(one.externalId).listing.quantity == 77)
  }
}
