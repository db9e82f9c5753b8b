import Events
import JSON
package import Marketplaces
import Time

extension RefurbedAdapter {
  /// A page of `ListOffers`, by ascending id; the cursor is the last one.
  func listings(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let page = try await list(
      "OfferService/ListOffers", of: "offers", after: request.cursor, limit: request.limit)
    var (items, listings): ([FeedItem], [Listing]) = ([], [])
    for json in page.json {
      guard let listing = Self.listing(of: json) else { continue }
      listings.append(listing)
      if let item = connection.snapshot(of: listing, payload: json, at: page.date) { items.append(item) }
    }
    let last = page.hasMore ? page.json.last?["id"].text : nil
    return FeedPage(
      items: items, listings: listings, nextCursor: last, isLast: last == nil, observedAt: page.date, calls: 1
    )
  }

  package func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    let answer = try await call("OfferService/GetOffer", ["identifier": ["id": .string(externalId)]])
    guard let listing = Self.listing(of: answer.json["offer"]) else {
      throw .malformed("offer \(externalId) has no id")
    }
    return ListingRead(listing: listing, at: answer.date, payload: answer.json["offer"])
  }

  package func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten {
    let answer = try await call(
      "OfferService/UpdateOffer",
      ["identifier": ["id": .string(listingId)], "stock": .integer(quantity)])
    return StockWritten(quantity: quantity, at: answer.date)
  }

  /// Nil without an id.
  private static func listing(of json: JSON) -> Listing? {
    guard let id = json["id"].text, !id.isEmpty else { return nil }
    return Listing(
      externalId: id, sku: json["sku"].text.flatMap { $0.isEmpty ? nil : $0 },
      title: json["instance_name"].text, quantity: json["stock"].integer.flatMap { Int(exactly: $0) },
      price: Money(json["reference_price"]), currency: json["reference_currency_code"].text,
      status: json["state"].text)
  }
}
