import Events
import JSON
package import Marketplaces
import Time

extension BackMarketAdapter {
  /// A page of `GET /ws/listings`; the cursor is its number.
  func listings(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let number = max(request.cursor.flatMap { Int($0) } ?? 1, 1)
    let page = try await results(
      "/ws/listings", [("page", String(number)), ("page-size", String(min(max(request.limit, 1), 50)))])
    var (items, listings): ([FeedItem], [Listing]) = ([], [])
    for json in page.json {
      guard let listing = Self.listing(of: json) else { continue }
      listings.append(listing)
      if let item = connection.snapshot(of: listing, payload: json, at: page.date) { items.append(item) }
    }
    return FeedPage(
      items: items, listings: listings, nextCursor: page.hasNext ? String(number + 1) : nil,
      isLast: !page.hasNext, observedAt: page.date, calls: 1)
  }

  package func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    let answer = try await get("/ws/listings/" + PercentEncoding.segment(externalId))
    guard let listing = Self.listing(of: answer.json) else {
      throw .malformed("listing \(externalId) has no listing_id")
    }
    return ListingRead(listing: listing, at: answer.date, payload: answer.json)
  }

  package func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten {
    let body: JSON = ["quantity": .integer(quantity)]
    let answer = try await client.json(
      MarketplaceCall(
        .post, "/ws/listings/" + PercentEncoding.segment(listingId), headers: headers, body: body.bytes))
    return StockWritten(quantity: quantity, at: answer.date)
  }

  /// Nil without an id. Lines of orders name `listing_id`, so that is the one that counts.
  private static func listing(of json: JSON) -> Listing? {
    guard let id = json["listing_id"].text ?? json["id"].text, !id.isEmpty else { return nil }
    return Listing(
      externalId: id, sku: json["sku"].text, title: json["title"].text,
      quantity: json["quantity"].integer.flatMap { Int(exactly: $0) }, price: Money(json["price"]),
      currency: json["currency"].text, status: json["publication_state"].text)
  }
}
