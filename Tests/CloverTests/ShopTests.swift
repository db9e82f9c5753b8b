import Clover
import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time

/// Against the simulator's shop.
@Suite struct ShopTests {
  let shop: ShopTransport
  let adapter: CloverAdapter

  init() throws {
    shop = try #require(ShopTransport("clover"))
    let token = try #require(shop.credentials["token"].text)
    adapter = CloverAdapter(
      connection: .test(.clover, createdAt: shop.now),
      client: MarketplaceClient(
        transport: shop,
        authorisation: FixedAuthorisation(.init(name: "authorization", value: "Bearer " + token))))
  }

  @Test func `orders followed by windows end as they truly are`() async throws {
    var follower = Follower(adapter, limit: 20)
    let truth = try await follower.follow(shop, windows: 20)
    #expect(follower.problems.isEmpty && follower.differences(from: truth).isEmpty)
    #expect(truth.count > 100)
  }

  @Test func `7 many orders of one moment, across a page's end, are all read`() async throws {
    shop.placeOrders(60)
    var follower = Follower(adapter, limit: 7)
    try await follower.poll(at: shop.now, floor: shop.now - .seconds(60))
    #expect(follower.orders.count == 60 && follower.problems.isEmpty)
  }

  @Test func `the items are all there, and a quantity is written`() async throws {
    shop.wait(.seconds(10))
    shop.stop()
    #expect(try await adapter.listingPages(limit: 90).stock == shop.stock())
    let one = try await adapter.page(FeedRequest(feed: .listings, limit: 1)).listings[0]
    _ = try await adapter.setQuantity(of: one.externalId, to: 77, replacing: nil, idempotencyKey: "k")
    #expect(try await adapter.listing(one.externalId).listing.quantity == 77)
  }

  @Test func `an order can be read by its id, and more than 16 calls a second are refused`() async throws {
    shop.placeOrders(1)
    let id = try #require(try shop.orders().first?["externalId"].text)
    #expect(try await adapter.order(id).order?.status == .paid)
    await #expect(throws: MarketplaceError.rateLimited(retryAfter: nil)) {
      for _ in 0..<16 { try await adapter.check() }
    }
  }
}
