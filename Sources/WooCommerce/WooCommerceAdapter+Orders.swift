import Events
import JSON
package import Marketplaces
import Time

extension WooCommerceAdapter {
  /// A page of a window over `GET /orders`, by the time of the last change.
  func orders(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let place = try WindowPlace(request)
    let limit = min(max(request.limit, 1), 100)
    // Times are whole seconds and `modified_after` leaves its own out.
    let after = Timestamp(secondsSince1970: place.from.secondsSince1970 - 1)
    let page = try await list(
      "/orders",
      [
        ("modified_after", WooCommerceTime.text(after)), ("dates_are_gmt", "true"), ("orderby", "modified"),
        ("order", "asc"), ("per_page", String(limit)), ("offset", String(place.offset)),
      ])
    let items = page.json.map { WooCommerceOrder.item($0, of: connection, filter: filter, at: page.date) }
    let changes = page.json.compactMap { WooCommerceTime.read($0["date_modified_gmt"]) }
    guard changes.count == page.json.count else {
      throw .malformed("an order of the list has no date_modified_gmt")
    }
    let next = place.next(afterChanges: changes, isFull: page.json.count >= limit, at: page.date)
    return FeedPage(
      items: items, nextCursor: next?.text, isLast: next == nil, observedAt: page.date, calls: 1)
  }

  package func order(_ externalId: String) async throws(MarketplaceError) -> FeedItem {
    let answer = try await get("/orders/" + PercentEncoding.segment(externalId))
    return WooCommerceOrder.item(answer.json, of: connection, filter: filter, at: answer.date)
  }
}

/// WooCommerce's times: UTC without saying so, in whole seconds.
enum WooCommerceTime {
  static func text(_ moment: Timestamp) -> String {
    String(Timestamp(secondsSince1970: moment.secondsSince1970).description.prefix(19))
  }

  static func read(_ json: JSON) -> Timestamp? { json.timestamp }
}
