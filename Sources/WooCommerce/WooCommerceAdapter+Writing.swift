import Events
import JSON
package import Marketplaces

/// Products that are put on sale from elsewhere: each SKU is a simple product.
extension WooCommerceAdapter {
  /// WooCommerce has every SKU once, so a creation whose answer was lost is found again.
  package func create(_ product: ProductDraft) async throws(MarketplaceError) -> String {
    let found = try await list("/products", [("sku", product.sku)]).json
    if let listing = found.lazy.compactMap({ WooCommerceProduct.listing(of: $0) }).first {
      try await update(listing: listing.externalId, to: product)
      return listing.externalId
    }
    var body = Self.body(of: product).object
    (body["sku"], body["type"]) = (.string(product.sku), "simple")
    (body["manage_stock"], body["stock_quantity"]) = (true, 0)
    if let barcode = product.barcode { body["global_unique_id"] = .string(barcode) }
    let answer = try await client.json(
      MarketplaceCall(.post, root + "/products", headers: Self.headers, body: JSON.object(body).bytes))
    guard let listing = WooCommerceProduct.listing(of: answer.json) else {
      throw .malformed("the product that was created for \(product.sku) has no id")
    }
    return listing.externalId
  }

  /// A variation has no title of its own.
  package func update(listing listingId: String, to product: ProductDraft) async throws(MarketplaceError) {
    var body = Self.body(of: product).object
    if listingId.contains("/") { body["name"] = nil }
    _ = try await client.json(
      MarketplaceCall(
        .put, root + (try Self.path(listingId)), headers: Self.headers, body: JSON.object(body).bytes))
  }

  package func delete(listing listingId: String) async throws(MarketplaceError) {
    do {
      _ = try await client.json(
        MarketplaceCall(
          .delete, root + (try Self.path(listingId)), query: [("force", "true")], headers: Self.headers))
    } catch .notFound {
      return
    }
  }

  private static func body(of product: ProductDraft) -> JSON {
    var body: [String: JSON] = ["status": product.isActive ? "publish" : "draft"]
    if let title = product.title { body["name"] = .string(title) }
    if let description = product.description { body["description"] = .string(description) }
    if let price = product.price { body["regular_price"] = .string(price.text) }
    return .object(body)
  }
}
