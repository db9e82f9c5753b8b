import BackMarket
import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time

/// Against the simulator's shop.
@Suite struct ShopTests {
  let shop: ShopTransport
  let adapter: BackMarketAdapter

  init() throws {
    shop = try #require(ShopTransport("backmarket"))
    let token = try #require(shop.credentials["token"].text)
    adapter = BackMarketAdapter(
      connection: .test(.backmarket, createdAt: shop.now),
      client: MarketplaceClient(
        transport: shop,
        authorisation: FixedAuthorisation(.init(name: "authorization", value: "Basic " + token))))
  }

  @Test func `orders followed by windows end as they truly are`() async throws {
    var follower = Follower(adapter)
    let truth = try await follower.follow(shop)
    #expect(follower.problems.isEmpty && follower.differences(from: truth).isEmpty)
    #expect(truth.count > 100 && truth.contains { $0["cancelled"] == true })
    let counts = Dictionary(grouping: follower.events.values.compactMap(\.order), by: \.externalId)
      .mapValues { versions in Set(versions.filter { !$0.isCancelled }.map { $0.lines?.count }) }
    #expect(counts.values.contains { $0.count > 1 }, "no order has lost a line")
  }

  @Test func `an order can be read by its id, and is the same item as in the list`() async throws {
    shop.wait(.seconds(20))
    shop.stop()
    let window = FeedRequest.Window(from: shop.now - .seconds(60), to: shop.now)
    let page = try await adapter.page(FeedRequest(feed: .orders, window: window, limit: 5))
    let item = try #require(page.items.first)
    let order = try #require(item.order)
    #expect(try await adapter.order(order.externalId) == item)
    await #expect(throws: MarketplaceError.notFound("/ws/orders/1")) { try await adapter.order("1") }
  }

  @Test func `every complaint is read once its folder is opened, and names its order`() async throws {
    var follower = Follower(adapter, .disputes)
    shop.wait(.seconds(60))
    shop.stop()
    try await follower.poll(at: shop.now, floor: shop.now - .seconds(120))
    let orders = Set(try shop.orders().compactMap { $0["externalId"].text })
    let disputes = follower.events.values.compactMap { event in
      if case .dispute(let dispute, _) = event.subjectData { dispute } else { nil }
    }
    #expect(follower.problems.isEmpty && disputes.count > 3)
    #expect(disputes.allSatisfy { orders.contains($0.orderId) && $0.reason == "BATTERY_NOT_CHARGING" })
  }

  @Test func `the listings are all there, and a quantity is written`() async throws {
    shop.wait(.seconds(10))
    shop.stop()
    let pages = try await adapter.listingPages(limit: 200)
    for page in pages { #expect(page.items.count == page.listings.count && page.items.count <= 50) }
    #expect(pages.stock == shop.stock())
    let one = try await adapter.page(FeedRequest(feed: .listings, limit: 1)).listings[0]
    let written = try await adapter.setQuantity(
      of: one.externalId, to: 77, replacing: nil, idempotencyKey: "k")
    #expect(written.quantity == 77)
    let read = try await adapter.listing(one.externalId)
    #expect(read.listing.quantity == 77)
  }

  @Test func `too many calls are refused, and the adapter says so`() async throws {
    await #expect(throws: MarketplaceError.rateLimited(retryAfter: nil)) {
      for _ in 0...200 { try await adapter.check() }
    }
  }
}
