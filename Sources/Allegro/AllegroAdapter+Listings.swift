import Events
import JSON
import Marketplaces
import Time

extension AllegroAdapter {
  /// A page of `GET /sale/offers`, which also says how many of each there were at that moment.
  func listings(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let offset = request.cursor.flatMap { Int($0) } ?? 0
    let limit = min(max(request.limit, 1), 1000)
    let answer = try await get(
      "/sale/offers", [("limit", String(limit)), ("offset", String(max(offset, 0)))])
    guard case .array(let offers) = answer.json["offers"] else {
      throw .malformed("a page of offers has no 'offers'")
    }
    let listings = offers.compactMap(AllegroOffer.listing)
    let items = zip(offers, offers.map(AllegroOffer.listing)).compactMap { json, listing in
      listing.flatMap { connection.snapshot(of: $0, payload: json, at: answer.date) }
    }
    let isLast = offers.count < limit
    return FeedPage(
      items: items, listings: listings, nextCursor: isLast ? nil : String(offset + offers.count),
      isLast: isLast,
      observedAt: answer.date, calls: 1)
  }
}
