import Events
import JSON
package import Marketplaces
import Time

extension CloverAdapter {
  static let expanded = (name: "expand", value: "lineItems,customers")

  /// A page of a window over `/orders`, by the time of the last change.
  func orders(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let place = try WindowPlace(request)
    let limit = min(max(request.limit, 1), 100)
    let page = try await list(
      "/orders",
      [
        ("filter", "modifiedTime>=\(place.from.millisecondsSince1970)"), ("orderBy", "modifiedTime ASC"),
        Self.expanded, ("limit", String(limit)), ("offset", String(place.offset)),
      ])
    let items = page.json.map { item(of: $0, at: page.date) }
    let changes = page.json.compactMap { CloverOrder.time($0["modifiedTime"]) }
    guard changes.count == page.json.count else {
      throw .malformed("an order of the list has no modifiedTime")
    }
    let next = place.next(afterChanges: changes, isFull: page.json.count >= limit, at: page.date)
    return FeedPage(
      items: items, nextCursor: next?.text, isLast: next == nil, observedAt: page.date, calls: 1)
  }

  package func order(_ externalId: String) async throws(MarketplaceError) -> FeedItem {
    let answer = try await get("/orders/" + PercentEncoding.segment(externalId), [Self.expanded])
    return item(of: answer.json, at: answer.date)
  }

  private func item(of json: JSON, at moment: Timestamp) -> FeedItem {
    do {
      return connection.listed(try CloverOrder.read(json, filter: filter), payload: json, at: moment)
    } catch {
      return connection.unreadable(
        order: json["id"].text ?? "", error.description, payload: json,
        changedAt: CloverOrder.time(json["modifiedTime"]) ?? moment)
    }
  }
}
