import Events
import JSON
package import Marketplaces
import NIOConcurrencyHelpers
import Time

extension EbayAdapter {
  /// A page of a window over `getOrders`, by offset in the service's own order.
  func orders(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let place = try WindowPlace(request)
    let limit = min(max(request.limit, 1), 200)
    let answer = try await get(
      "/sell/fulfillment/v1/order",
      [
        ("filter", "lastmodifieddate:[\(place.from)..]"), ("limit", String(limit)),
        ("offset", String(place.offset)),
      ])
    guard case .array(let orders) = answer.json["orders"] else {
      throw .malformed("a page of orders has no 'orders'")
    }
    var calls = 1
    let parcels = try await parcels(of: orders, calls: &calls)
    let items = orders.map { order in
      item(of: order, parcels: parcels[order["orderId"].text ?? ""] ?? .null, at: answer.date)
    }
    let next = place.next(
      after: orders.count, isFull: place.offset + orders.count < answer.json["total"].integer ?? 0,
      at: answer.date)
    return FeedPage(
      items: items, nextCursor: next?.text, isLast: next == nil, observedAt: answer.date,
      calls: calls)
  }

  package func order(_ externalId: String) async throws(MarketplaceError) -> FeedItem {
    let answer = try await get("/sell/fulfillment/v1/order/" + PercentEncoding.segment(externalId))
    let parcels = EbayOrder.isSent(answer.json) ? try await parcels(of: externalId) : .null
    return item(of: answer.json, parcels: parcels, at: answer.date)
  }

  /// The fulfillments of those that are sent, by their ids. Windows overlap, and each order is a call of its own: one that
  /// has not changed since is remembered, or the same calls would be made with every poll.
  private func parcels(
    of orders: [JSON], calls: inout Int
  ) async throws(MarketplaceError) -> [String: JSON] {
    var changes: [String: String] = [:]
    for order in orders where EbayOrder.isSent(order) {
      if let id = order["orderId"].text { changes[id] = order["lastModifiedDate"].text ?? "" }
    }
    let versions = changes
    let known = memory.withLockedValue { $0.parcels(of: versions) }
    let unknown = versions.keys.filter { known[$0] == nil }
    calls += unknown.count
    let read = try await concurrently(unknown) { [self] id throws(MarketplaceError) in
      let found = try await self.parcels(of: id)
      memory.withLockedValue { $0.note(found, of: id, changedAt: versions[id] ?? "") }
      return found
    }
    return known.merging(read) { $1 }
  }

  /// The fulfillments of an order; null where there are none.
  private func parcels(of orderId: String) async throws(MarketplaceError) -> JSON {
    do throws(MarketplaceError) {
      return try await get(
        "/sell/fulfillment/v1/order/\(PercentEncoding.segment(orderId))/shipping_fulfillment"
      ).json["fulfillments"]
    } catch {
      guard case .notFound = error else { throw error }
      return .null
    }
  }

  private func item(of json: JSON, parcels: JSON, at moment: Timestamp) -> FeedItem {
    do {
      let order = try EbayOrder.read(json, parcels: parcels, filter: filter)
      return connection.listed(order, payload: json, at: moment)
    } catch {
      return connection.unreadable(
        order: json["orderId"].text ?? "", error.description, payload: json,
        changedAt: json["lastModifiedDate"].timestamp ?? moment)
    }
  }
}

/// What an adapter remembers of the orders that it has read.
struct EbayMemory {
  private var parcels: [String: (changedAt: String, found: JSON)] = [:]
  /// Some days of a large shop; beyond that all are read again.
  private static let capacity = 20_000

  /// What is known of these versions, by the ids of their orders.
  func parcels(of versions: [String: String]) -> [String: JSON] {
    var known: [String: JSON] = [:]
    for (id, change) in versions {
      if let one = parcels[id], one.changedAt == change { known[id] = one.found }
    }
    return known
  }

  mutating func note(_ found: JSON, of id: String, changedAt change: String) {
    if parcels.count >= Self.capacity { parcels.removeAll() }
    parcels[id] = (change, found)
  }
}
