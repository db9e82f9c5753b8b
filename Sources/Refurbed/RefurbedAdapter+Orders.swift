import Events
import JSON
package import Marketplaces
import Time

extension RefurbedAdapter {
  /// A page of `ListOrders`, by ascending id.
  ///
  /// An order does not say when it last changed, and can't be asked for by that: so a window reads again what may
  /// still change. What has not changed has the same id as before, and is known by it.
  func orders(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let walk = try OrderWalk(request, begin: begin)
    let page = try await list(
      "OrderService/ListOrders", of: "orders", after: walk.after, limit: request.limit, filter: walk.filter)
    let items = page.json.map { item(of: $0, at: page.date) }
    let next = walk.next(after: page.json, hasMore: page.hasMore, at: page.date)
    return FeedPage(
      items: items, nextCursor: next?.text, isLast: next == nil, observedAt: page.date, calls: 1)
  }

  package func order(_ externalId: String) async throws(MarketplaceError) -> FeedItem {
    let answer = try await call("OrderService/GetOrder", ["id": .string(externalId)])
    return item(of: answer.json["order"], at: answer.date)
  }

  /// Orders released before a connection begins are none of its business; nil where it begins with the oldest.
  private var begin: Timestamp? {
    switch connection.start {
    case .latest: connection.createdAt
    case .at(let time): time
    case .oldest: nil
    }
  }

  private func item(of json: JSON, at moment: Timestamp) -> FeedItem {
    do {
      let order = try RefurbedOrder.read(json, filter: filter)
      var dated = order
      dated.updatedAt = moment + .microseconds(RefurbedOrder.progress(of: json))
      return connection.listed(dated, identity: order, payload: json, at: moment)
    } catch {
      return connection.unreadable(
        order: json["id"].text ?? "", error.description, payload: json,
        changedAt: json["released_at"].timestamp ?? moment)
    }
  }
}
