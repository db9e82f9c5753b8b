import Events
import JSON
package import Marketplaces
import Time

extension CloverAdapter {
  private static let stock = (name: "expand", value: "itemStock")

  /// A page of `/items`; the cursor is an offset.
  func listings(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let offset = max(request.cursor.flatMap { Int($0) } ?? 0, 0)
    let limit = min(max(request.limit, 1), 1_000)
    let page = try await list(
      "/items", [Self.stock, ("limit", String(limit)), ("offset", String(offset))])
    var (items, listings): ([FeedItem], [Listing]) = ([], [])
    for json in page.json {
      guard let listing = Self.listing(of: json) else { continue }
      listings.append(listing)
      if let item = connection.snapshot(of: listing, payload: json, at: page.date) { items.append(item) }
    }
    let isLast = page.json.count < limit
    return FeedPage(
      items: items, listings: listings, nextCursor: isLast ? nil : String(offset + page.json.count),
      isLast: isLast, observedAt: page.date, calls: 1)
  }

  package func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    let answer = try await get("/items/" + PercentEncoding.segment(externalId), [Self.stock])
    guard let listing = Self.listing(of: answer.json) else {
      throw .malformed("item \(externalId) has no id")
    }
    return ListingRead(listing: listing, at: answer.date, payload: answer.json)
  }

  package func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten {
    let body: JSON = ["quantity": .integer(quantity)]
    let answer = try await client.json(
      MarketplaceCall(
        .post, "/item_stocks/" + PercentEncoding.segment(listingId),
        headers: [("accept", "application/json"), ("content-type", "application/json")], body: body.bytes))
    return StockWritten(quantity: quantity, at: answer.date)
  }

  /// Nil without an id. Prices are in the merchant's currency, which the item does not name.
  private static func listing(of json: JSON) -> Listing? {
    guard let id = json["id"].text, !id.isEmpty else { return nil }
    let code = json["sku"].text ?? json["code"].text
    return Listing(
      externalId: id, sku: code.flatMap { $0.isEmpty ? nil : $0 }, title: json["name"].text,
      quantity: json["itemStock"]["quantity"].integer.flatMap { Int(exactly: $0) },
      status: json["hidden"] == true ? "hidden" : nil)
  }
}
