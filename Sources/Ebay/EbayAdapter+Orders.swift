import Events
import JSON
package import Marketplaces
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
    let sent = Set(orders.filter(EbayOrder.isSent).compactMap { $0["orderId"].text })
    let parcels = try await concurrently(sent) { [self] id throws(MarketplaceError) in
      try await self.parcels(of: id)
    }
    let items = orders.map { order in
      item(of: order, parcels: parcels[order["orderId"].text ?? ""] ?? .null, at: answer.date)
    }
    let next = place.next(
      after: orders.count, isFull: place.offset + orders.count < answer.json["total"].integer ?? 0,
      at: answer.date)
    return FeedPage(
      items: items, nextCursor: next?.text, isLast: next == nil, observedAt: answer.date,
      calls: 1 + sent.count)
  }

  package func order(_ externalId: String) async throws(MarketplaceError) -> FeedItem {
    let answer = try await get("/sell/fulfillment/v1/order/" + PercentEncoding.segment(externalId))
    let parcels = EbayOrder.isSent(answer.json) ? try await parcels(of: externalId) : .null
    return item(of: answer.json, parcels: parcels, at: answer.date)
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
