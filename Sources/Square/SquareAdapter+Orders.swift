import Events
import JSON
package import Marketplaces
import NIOConcurrencyHelpers
import Time

extension SquareAdapter {
  /// Square searches at most ten locations at once.
  static let locationsPerSearch = 10

  /// A page of a window over the orders by their last change. The cursor is `group|Square's cursor`, for the groups of
  /// locations that are searched one after the other.
  func orders(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    guard let window = request.window else {
      throw .unsupported("Square's orders are read by windows of time")
    }
    var calls = 1
    let locations = try await locations(calls: &calls)
    let place = try OrderPlace(request.cursor)
    let group = locations.dropFirst(place.group * Self.locationsPerSearch).prefix(Self.locationsPerSearch)
    guard !group.isEmpty else { throw .malformed("there is no group of locations \(place.group)") }
    let answer = try await post(
      "/v2/orders/search",
      [
        "location_ids": .array(group.map(JSON.string)), "limit": .integer(min(max(request.limit, 1), 1000)),
        "cursor": .text(place.cursor),
        "query": [
          "filter": [
            "date_time_filter": [
              "updated_at": ["start_at": .time(window.from), "end_at": .time(window.to)]
            ]
          ],
          "sort": ["sort_field": "UPDATED_AT", "sort_order": "ASC"],
        ],
      ])
    let found = answer.json["orders"].array
    let skus = try await skus(of: Set(found.flatMap(SquareOrder.variations)), calls: &calls)
    let hasMore = place.group + 1 < (locations.count + Self.locationsPerSearch - 1) / Self.locationsPerSearch
    let next =
      answer.json["cursor"].text.flatMap { $0.isEmpty ? nil : OrderPlace(group: place.group, cursor: $0) }
      ?? (hasMore ? OrderPlace(group: place.group + 1) : nil)
    return FeedPage(
      items: found.map { item($0, skus: skus, observedAt: answer.date) }, nextCursor: next?.text,
      isLast: next == nil, observedAt: answer.date, calls: calls)
  }

  package func order(_ externalId: String) async throws(MarketplaceError) -> FeedItem {
    let answer = try await get("/v2/orders/" + PercentEncoding.segment(externalId))
    var calls = 1
    let order = answer.json["order"]
    let skus = try await skus(of: Set(SquareOrder.variations(of: order)), calls: &calls)
    return item(order, skus: skus, observedAt: answer.date)
  }

  package func orders(_ ids: [String]) async throws(MarketplaceError) -> [FeedItem] {
    let answer = try await post(
      "/v2/orders/batch-retrieve", ["order_ids": .array(ids.prefix(100).map(JSON.string))])
    var calls = 1
    let found = answer.json["orders"].array
    let skus = try await skus(of: Set(found.flatMap(SquareOrder.variations)), calls: &calls)
    let rest = ids.count > 100 ? try await orders(Array(ids.dropFirst(100))) : []
    return found.map { item($0, skus: skus, observedAt: answer.date) } + rest
  }

  private func item(_ json: JSON, skus: [String: String?], observedAt: Timestamp) -> FeedItem {
    do {
      let order = try SquareOrder.read(json, skus: skus, filter: filter)
      memory.withLockedValue { memory in
        for payment in json["tenders"].array.compactMap({ $0["payment_id"].text ?? $0["id"].text }) {
          memory.note(order: order.externalId, ofPayment: payment)
        }
      }
      return connection.listed(order, payload: json, at: observedAt)
    } catch {
      let changed = json["updated_at"].timestamp ?? observedAt
      return connection.unreadable(
        order: json["id"].text ?? "", error.description, payload: json, changedAt: changed)
    }
  }
}

/// A place in the walk over the orders of many locations.
struct OrderPlace: Equatable {
  var group: Int
  var cursor: String?

  init(group: Int, cursor: String? = nil) {
    self.group = group
    self.cursor = cursor
  }

  init(_ text: String?) throws(MarketplaceError) {
    let parts = (text ?? "0").split(separator: "|", maxSplits: 1)
    guard let group = parts.first.flatMap({ Int($0) }), group >= 0 else {
      throw .malformed("'\(text ?? "")' is not a place among the orders")
    }
    self.init(group: group, cursor: parts.count > 1 ? String(parts[1]) : nil)
  }

  var text: String { "\(group)" + (cursor.map { "|" + $0 } ?? "") }
}
