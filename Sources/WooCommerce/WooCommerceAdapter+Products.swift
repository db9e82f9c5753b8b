import Events
import JSON
package import Marketplaces
import Time

extension WooCommerceAdapter {
  /// A page of `GET /products`; the cursor is its number. The stock of a product with variations is theirs, so these are
  /// read in its place.
  func listings(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let number = max(request.cursor.flatMap { Int($0) } ?? 1, 1)
    let limit = min(max(request.limit, 1), 100)
    let page = try await list(
      "/products", Self.pageQuery(number, limit))
    let variable = page.json.filter(WooCommerceProduct.isVariable).compactMap { $0["id"].text }
    let variations = try await concurrently(variable, width: 4) { [self] id throws(MarketplaceError) in
      try await self.variations(of: id)
    }
    var (items, listings): ([FeedItem], [Listing]) = ([], [])
    func add(_ json: JSON, _ listing: Listing?, at moment: Timestamp) {
      guard let listing else { return }
      listings.append(listing)
      if let item = connection.snapshot(of: listing, payload: json, at: moment) { items.append(item) }
    }
    for product in page.json {
      guard let id = product["id"].text, let read = variations[id] else {
        add(product, WooCommerceProduct.listing(of: product), at: page.date)
        continue
      }
      for (json, moment) in read.found {
        add(json, WooCommerceProduct.listing(of: json, parent: product), at: moment)
      }
    }
    let isLast = page.json.count < limit
    return FeedPage(
      items: items, listings: listings, nextCursor: isLast ? nil : String(number + 1), isLast: isLast,
      observedAt: page.date, calls: 1 + variations.values.reduce(0) { $0 + $1.calls })
  }

  /// All variations of a product, with the moment each was read.
  private func variations(
    of productId: String
  ) async throws(MarketplaceError) -> (found: [(json: JSON, at: Timestamp)], calls: Int) {
    var found: [(json: JSON, at: Timestamp)] = []
    for number in 1... {
      let page = try await list(
        "/products/\(PercentEncoding.segment(productId))/variations", Self.pageQuery(number, 100))
      found += page.json.map { ($0, page.date) }
      if page.json.count < 100 { return (found, number) }
    }
    return (found, 0)
  }

  private static func pageQuery(_ number: Int, _ limit: Int) -> [(name: String, value: String)] {
    [("per_page", String(limit)), ("page", String(number)), ("orderby", "id"), ("order", "asc")]
  }

  package func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    let answer = try await get(try Self.path(externalId))
    guard var listing = WooCommerceProduct.listing(of: answer.json) else {
      throw .malformed("product \(externalId) has no id")
    }
    // A variation read alone does not always name its parent.
    listing.externalId = externalId
    return ListingRead(listing: listing, at: answer.date, payload: answer.json)
  }

  package func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten {
    let body: JSON = ["stock_quantity": .integer(quantity)]
    let answer = try await client.json(
      MarketplaceCall(.put, root + (try Self.path(listingId)), headers: Self.headers, body: body.bytes))
    guard answer.json["manage_stock"] == true else {
      throw .rejected(status: 200, "WooCommerce does not manage the stock of product \(listingId) itself")
    }
    return StockWritten(quantity: quantity, at: answer.date)
  }

  static func path(_ listingId: String) throws(MarketplaceError) -> String {
    guard let path = WooCommerceProduct.path(ofListing: listingId) else {
      throw .notFound("product '\(listingId)'")
    }
    return path
  }
}
