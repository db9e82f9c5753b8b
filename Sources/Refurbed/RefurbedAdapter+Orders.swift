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

/// A place in the walk over the orders that may have changed. It ends at what was released after the marketplace's clock
/// at its beginning, so that it ends although orders keep coming.
struct OrderWalk: Equatable {
  var from: Timestamp
  /// Nil until the first page has told the marketplace's clock.
  var until: Timestamp?
  /// The id of the last order that was read.
  var after: String?

  /// How long after its release an order may still change: refunds and returns are over by then.
  static let lifetime = Duration.seconds(30 * 86_400)

  init(_ request: FeedRequest, begin: Timestamp?) throws(MarketplaceError) {
    guard let window = request.window else {
      throw .unsupported("Refurbed's orders are read by windows of time")
    }
    from = max(min(window.from, window.to - Self.lifetime), begin ?? .distantPast)
    guard let cursor = request.cursor else { return }
    let parts = cursor.split(separator: "|")
    guard parts.count == 2, let until = Timestamp(parts[0]) else {
      throw .malformed("'\(cursor)' is not a place in the list of orders")
    }
    self.until = until
    after = String(parts[1])
  }

  var text: String { "\(until ?? from)|\(after ?? "")" }

  var filter: JSON {
    var released: JSON = ["ge": .time(from)]
    if let until { released["le"] = .time(until) }
    return ["released_at": released]
  }

  /// Where to go on after a page; nil at the end of the walk.
  func next(after orders: [JSON], hasMore: Bool, at now: Timestamp) -> OrderWalk? {
    guard hasMore, let last = orders.last?["id"].text, !last.isEmpty, last != after else { return nil }
    var next = self
    (next.until, next.after) = (until ?? now.addingOneSecond, last)
    return next
  }
}

extension Timestamp {
  static let distantPast = Timestamp(secondsSince1970: 0)

  /// The `Date` of an answer is cut to seconds.
  fileprivate var addingOneSecond: Timestamp { self + .seconds(1) }
}
