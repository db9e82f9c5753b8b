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
      listing.flatMap { snapshot(of: $0, json, at: answer.date) }
    }
    let isLast = offers.count < limit
    return FeedPage(
      items: items, listings: listings, nextCursor: isLast ? nil : String(offset + offers.count),
      isLast: isLast,
      observedAt: answer.date, calls: 1)
  }

  /// What the list says is true as of its own moment, so moment and quantity make the id.
  private func snapshot(of listing: Listing, _ json: JSON, at moment: Timestamp) -> FeedItem? {
    guard let inventory = Self.inventory(of: listing, at: moment) else { return nil }
    let id = "listing/\(listing.externalId)@\(moment)#\(inventory.quantity ?? 0)"
    let raw = RawEvent(id: id, type: "OFFER_LISTED", occurredAt: moment, payload: json)
    let event = event(
      id: messageId(id), type: .inventoryUpdated, time: moment, change: "listed", observedAt: moment,
      .inventory(inventory))
    return FeedItem(raw: raw, meaning: .event(event))
  }
}
