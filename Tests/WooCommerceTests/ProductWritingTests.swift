import Events
import JSON
import Marketplaces
import TestShops
import Testing
import WooCommerce

/// Products that come from elsewhere, at the simulator's shop.
@Suite struct ProductWritingTests {
  let shop: ShopTransport
  let adapter: WooCommerceAdapter

  init() throws {
    shop = try #require(ShopTransport("woocommerce", ordersPerSecond: 0))
    let header = WooCommerceAdapter.header(
      key: try #require(shop.credentials["consumerKey"].text),
      secret: try #require(shop.credentials["consumerSecret"].text))
    adapter = WooCommerceAdapter(
      connection: .test(.woocommerce, createdAt: shop.now),
      client: MarketplaceClient(transport: shop, authorisation: FixedAuthorisation(header)))
  }

  private func listed(_ sku: String) async throws -> [Listing] {
    try await adapter.listingPages(limit: 100).flatMap(\.listings).filter { $0.sku == sku }
  }

  @Test func `a product is created once, changed and deleted`() async throws {
    let draft = ProductDraft(sku: "NEW-1", title: "Rower", description: "<p>x</p>", price: Money("99.90"))
    let id = try await adapter.create(draft)
    #expect(try await adapter.create(draft) == id, "a creation whose answer was lost is found again")
    #expect(try await listed("NEW-1").map(\.title) == ["Rower"])
    let read = try await adapter.listing(id).listing
    #expect(read.quantity == 0 && read.price.map { ($0 - Money(99)).text } == "0.90")
    try await adapter.update(listing: id, to: ProductDraft(sku: "NEW-1", title: "Better", isActive: false))
    let changed = try await adapter.listing(id).payload
    #expect(changed["name"].text == "Better" && changed["status"].text == "draft")
    #expect(changed["description"].text == "<p>x</p>", "what is not said stays")
    try await adapter.delete(listing: id)
    try await adapter.delete(listing: id)
    #expect(try await listed("NEW-1").isEmpty)
  }

  @Test func `a variation keeps its parent's title`() async throws {
    let variation = try #require(
      try await adapter.listingPages(limit: 100).flatMap(\.listings).first { $0.externalId.contains("/") })
    let sku = try #require(variation.sku)
    let id = try await adapter.create(ProductDraft(sku: sku, title: "Another", price: Money("5")))
    #expect(id == variation.externalId)
    let read = try await adapter.listing(id).listing
    #expect(read.title == variation.title && read.price?.equals(Money(5)) == true)
  }
}
