import Events
import JSON
package import Marketplaces
import Time

extension BackMarketAdapter {
  /// A page of a window over `GET /ws/orders`, which shows paid orders only, the newest first.
  func orders(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let place = try WindowPlace(request)
    let size = min(max(request.limit, 1), 50)
    let page = try await results(
      "/ws/orders",
      [
        ("date_modification", place.from.wholeSecond.description), ("page", String(place.offset / size + 1)),
        ("page-size", String(size)),
      ])
    let items = page.json.map { item(of: $0, at: page.date) }
    // Pages are numbered: the next one begins at a multiple of their size.
    let next = place.next(after: size, isFull: page.hasNext && !items.isEmpty, at: page.date)
    return FeedPage(
      items: items, nextCursor: next?.text, isLast: next == nil, observedAt: page.date, calls: 1)
  }

  package func order(_ externalId: String) async throws(MarketplaceError) -> FeedItem {
    let answer = try await get("/ws/orders/" + PercentEncoding.segment(externalId))
    return item(of: answer.json, at: answer.date)
  }

  private func item(of json: JSON, at moment: Timestamp) -> FeedItem {
    do {
      return connection.listed(try BackMarketOrder.read(json, filter: filter), payload: json, at: moment)
    } catch {
      return connection.unreadable(
        order: json["order_id"].text ?? "", error.description, payload: json,
        changedAt: json["date_modification"].timestamp ?? moment)
    }
  }
}

extension Timestamp {
  /// Cut to what `date_modification` shows.
  var wholeSecond: Timestamp { Timestamp(secondsSince1970: secondsSince1970) }
}
