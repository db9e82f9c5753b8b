import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time
import WooCommerce

/// Against the simulator's shop.
@Suite struct ShopTests {
  let shop: ShopTransport
  let adapter: WooCommerceAdapter

  init() throws {
    shop = try #require(ShopTransport("woocommerce"))
    let header = WooCommerceAdapter.header(
      key: try #require(shop.credentials["consumerKey"].text),
      secret: try #require(shop.credentials["consumerSecret"].text))
    adapter = WooCommerceAdapter(
      connection: .test(.woocommerce, createdAt: shop.now),
      client: MarketplaceClient(transport: shop, authorisation: FixedAuthorisation(header)))
  }

  @Test(arguments: [7, 50])
  func `orders followed by windows end as they truly are`(limit: Int) async throws {
    var follower = Follower(adapter, limit: limit)
    let truth = try await follower.follow(shop)
    #expect(follower.problems.isEmpty && follower.differences(from: truth).isEmpty)
    #expect(truth.count > 100 && truth.contains { $0["status"] == "new" })
    #expect(follower.events.values.contains { $0.order?.tracking.isEmpty == false })
  }

  @Test func `7 many orders of one moment, across a page's end, are all read`() async throws {
    shop.placeOrders(60)
    shop.stop()
    var follower = Follower(adapter, limit: 7)
    try await follower.poll(at: shop.now, floor: shop.now - .seconds(60))
    #expect(follower.orders.count >= 60 && follower.problems.isEmpty)
    #expect(follower.differences(from: try shop.orders()).isEmpty)
  }

  @Test func `a walk ends although orders keep coming with every page`() async throws {
    shop.wait(.seconds(5))
    #expect(try await adapter.pagesOfWalk(over: shop) < 60)
  }

  @Test func `variations stand for their product, and each one's stock is written`() async throws {
    shop.wait(.seconds(10))
    shop.stop()
    let pages = try await adapter.listingPages(limit: 60)
    let ids = pages.listingIds
    #expect(pages.stock == shop.stock() && Set(ids).count == ids.count)
    let (variation, product) = (
      try #require(ids.first { $0.contains("/") }), try #require(ids.first { !$0.contains("/") })
    )
    for id in [variation, product] {
      let written = try await adapter.setQuantity(of: id, to: 77, replacing: nil, idempotencyKey: "k")
      #expect(written.quantity == 77)
      let read = try await adapter.listing(id)
      #expect(read.listing.quantity == 77 && read.listing.externalId == id)
    }
    // The product of the variation has no stock of its own.
    let parent = String(variation.prefix { $0 != "/" })
    await #expect(throws: MarketplaceError.self) {
      try await adapter.setQuantity(of: parent, to: 1, replacing: nil, idempotencyKey: "k")
    }
  }

  @Test func `a line names the listing that its stock is read from`() async throws {
    shop.wait(.seconds(10))
    shop.stop()
    let ids = Set(try await adapter.listingPages(limit: 100).listingIds)
    var follower = Follower(adapter)
    try await follower.poll(at: shop.now, floor: shop.now - .seconds(60))
    let named = Set(follower.events.values.flatMap { $0.order?.lines ?? [] }.compactMap(\.listingId))
    #expect(named.isSubset(of: ids) && named.contains { $0.contains("/") })
  }

  @Test func `a buyer's note is written once, however often it is tried`() async throws {
    shop.placeOrders(1)
    let order = try #require(try shop.orders().first?["externalId"].text)
    for _ in 0..<3 {
      try await adapter.send(BuyerMessage(orderId: order, text: "Thank you, \"Żak\"!"))
    }
    try await adapter.send(BuyerMessage(orderId: order, text: "It is on its way."))
    #expect(shop.calls.filter { $0.method == .post }.count == 2)
    await #expect(throws: MarketplaceError.self) {
      try await adapter.send(BuyerMessage(orderId: "1", text: "m"))
    }
  }
}

extension Event {
  var order: Order? { if case .order(let order) = subjectData { order } else { nil } }
}
