import Ebay
import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time

/// Against the simulator's shop.
@Suite struct ShopTests {
  let shop: ShopTransport
  let adapter: EbayAdapter

  init() async throws {
    shop = try #require(ShopTransport("ebay"))
    let secrets = Secrets(shop.credentials.object)
    let refreshToken = try #require(secrets.text("refreshToken"))
    let pair = try await EbayOAuth(transport: shop, baseURL: "https://api.ebay.com").refresh(
      refreshToken, secrets)
    adapter = EbayAdapter(
      connection: .test(.ebay, createdAt: shop.now),
      client: MarketplaceClient(
        transport: shop,
        authorisation: FixedAuthorisation(.init(name: "authorization", value: "Bearer " + pair.accessToken))))
  }

  @Test(arguments: [7, 200])
  func `orders followed by windows end as they truly are`(limit: Int) async throws {
    var follower = Follower(adapter, limit: limit)
    let truth = try await follower.follow(shop)
    #expect(follower.problems.isEmpty && follower.differences(from: truth).isEmpty)
    #expect(truth.count > 100 && truth.contains { $0["cancelled"] == true })
    #expect(follower.events.values.contains { $0.order?.tracking.first?.carrier == "DHL" })
  }

  @Test
  func `the parcels of an order that has not changed are asked for once, however often its window is read`()
    async throws
  {
    let begin = shop.now
    shop.placeOrders(60)
    shop.wait(.seconds(60))
    shop.stop()
    let request = FeedRequest(
      feed: .orders, window: .init(from: begin - .seconds(60), to: shop.now), limit: 200)
    let first = try await adapter.page(request)
    #expect(first.calls > 10)
    let calls = shop.calls.count
    let second = try await adapter.page(request)
    #expect(second.calls == 1 && shop.calls.count == calls + 1)
    #expect(second.items.map(\.raw.id) == first.items.map(\.raw.id))
  }

  @Test func `every payment dispute names its order, once in a walk however small the pages`() async throws {
    let begin = shop.now
    shop.placeOrders(200)
    shop.wait(.seconds(60))
    let disputed = shop.disputedOrders()
    #expect(disputed.count >= 3)
    for limit in [1, 200] {
      #expect(try await adapter.disputedOrders(since: begin, limit: limit).sorted() == disputed.sorted())
    }
    let later = try await adapter.disputedOrders(since: shop.now + .seconds(1), limit: 10)
    #expect(later.isEmpty)
  }

  @Test func `payment disputes have a host of their own`() {
    #expect(EbayAdapter.disputeHost(beside: "https://api.ebay.com") == "https://apiz.ebay.com")
    #expect(
      EbayAdapter.disputeHost(beside: "https://api.sandbox.ebay.com") == "https://apiz.sandbox.ebay.com")
    #expect(EbayAdapter.disputeHost(beside: "http://127.0.0.1:8080/ebay") == nil)
  }

  @Test func `an order can be read by its id, and is the same item as in the list`() async throws {
    shop.wait(.seconds(30))
    shop.stop()
    let window = FeedRequest.Window(from: shop.now - .seconds(60), to: shop.now)
    let page = try await adapter.page(FeedRequest(feed: .orders, window: window, limit: 200))
    let item = try #require(page.items.first { $0.order?.status == .shipped })
    let id = try #require(item.order?.externalId)
    #expect(try await adapter.order(id) == item)
    await #expect(throws: MarketplaceError.self) { try await adapter.order("12-1-77777") }
  }

  @Test func `the inventory is all there, and a quantity is written`() async throws {
    shop.wait(.seconds(10))
    shop.stop()
    #expect(try await adapter.listingPages(limit: 90).stock == shop.stock())
    let one = try await adapter.page(FeedRequest(feed: .listings, limit: 1)).listings[0]
    _ = try await adapter.setQuantity(of: one.externalId, to: 77, replacing: nil, idempotencyKey: "k")
    #expect(try await adapter.listing(one.externalId).listing.quantity == 77)
    await #expect(throws: MarketplaceError.notFound("inventory item nothing")) {
      try await adapter.setQuantity(of: "nothing", to: 1, replacing: nil, idempotencyKey: "k")
    }
  }

  @Test func `a dead refresh token asks for a new authorisation and is not quoted`() async throws {
    let secrets = Secrets(shop.credentials.object)
    let error = await #expect(throws: MarketplaceError.self) {
      try await EbayOAuth(transport: shop, baseURL: "https://api.ebay.com").refresh("v^1.1#dead", secrets)
    }
    #expect(error?.errorClass == .unauthorised)
    #expect(error?.description.contains("v^1.1#dead") == false)
    await #expect(throws: MarketplaceError.self) {
      try await EbayOAuth(transport: shop, baseURL: "https://api.ebay.com").refresh("r", Secrets())
    }
  }
}

extension Event {
  var order: Order? { if case .order(let order) = subjectData { order } else { nil } }
}
