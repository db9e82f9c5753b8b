import Events
import JSON
import Marketplaces
import Testing

/// Products that come from elsewhere, at every marketplace that takes them.
@Suite struct ProductTests {
  static let draft = ProductDraft(
    sku: "NEW \"1\" \\ ł", title: "Rower <M> 👕", description: "<p>x</p>", price: Money("99.90"))

  @Test(arguments: Conformity.accounts)
  func `a product from elsewhere is put on sale once, changed and taken off, or it is refused`(
    account: String
  ) async throws {
    try await Bench.with(account, trades: false, ordersPerSecond: 0) { bench in
      let adapter = bench.adapter
      guard adapter.features.writesProducts else { return await isRefused(adapter) }
      let id = try await adapter.create(Self.draft)
      #expect(try await adapter.create(Self.draft) == id, "a creation whose answer was lost is found again")
      #expect(try await listed(bench) == ["Rower <M> 👕 99.90 0 true"])
      #expect(try await adapter.listing(id).listing.sku == Self.draft.sku)
      // It takes stock like any other listing.
      _ = try await adapter.setQuantity(of: id, to: 5, replacing: 0, idempotencyKey: "k-1")
      let hidden = ProductDraft(sku: Self.draft.sku, title: "Better", isActive: false)
      try await adapter.update(listing: id, to: hidden)
      #expect(try await listed(bench) == ["Better 99.90 5 false"], "what is not said stays")
      try await adapter.update(listing: id, to: ProductDraft(sku: Self.draft.sku, price: Money("7.5")))
      #expect(try await listed(bench) == ["Better 7.50 5 true"])
      try await adapter.delete(listing: id)
      try await adapter.delete(listing: id)
      #expect(try await listed(bench) == [])
      await expect(.notFound) { _ = try await adapter.listing(id) }
      await expect(.notFound) { try await adapter.update(listing: id, to: Self.draft) }
      // The same words about something that was deleted are no repetition of what was said before.
      let next = try await adapter.create(Self.draft)
      #expect(try await listed(bench) == ["Rower <M> 👕 99.90 0 true"])
      #expect(next != id)
    }
  }

  private func isRefused(_ adapter: any MarketplaceAdapter) async {
    await expect(.unsupported) { _ = try await adapter.create(Self.draft) }
    await expect(.unsupported) { try await adapter.update(listing: "1", to: Self.draft) }
    await expect(.unsupported) { try await adapter.delete(listing: "1") }
  }

  /// What the marketplace says of the SKU: title, price, quantity and whether buyers see it.
  private func listed(_ bench: Bench) async throws -> [String] {
    try await bench.control(.get, "/truth/stock").array
      .filter { $0["sku"].text == Self.draft.sku }
      .map { listing in
        let said = ["title", "price", "quantity"].map { listing[$0].text ?? "" }
        return (said + ["\(listing["active"].bool ?? false)"]).joined(separator: " ")
      }
  }
}
