import Events
import JSON
package import Marketplaces
import Time

extension ShopifyAdapter {
  /// A page of a window over the orders by their last change. Shopify's own cursor names the last order's time and id,
  /// so an order that changes while the window is walked only moves behind its end, into the next window.
  func orders(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    guard let window = request.window else {
      throw .unsupported("Shopify's orders are read by windows of time")
    }
    var (answer, calls) = try await ask(
      .orders, size: min(max(request.limit, 1), 250),
      ["after": .text(request.cursor), "query": .string(Self.query(window))])
    let page = answer.json["data"]["orders"]
    guard case .array(let nodes) = page["nodes"] else { throw .malformed("a page of orders has no 'nodes'") }
    let settled = nodes.filter { !mayStillChange($0, at: answer.date) }
    var read: [JSON] = []
    for node in settled { read.append(try await withAllLines(node, calls: &calls)) }
    let refunds = try await refunds(of: read.filter(ShopifyOrder.hasFewer), calls: &calls)
    let items = read.map { item($0, refunds: refunds, observedAt: answer.date) }
    let next = page["pageInfo"]["hasNextPage"].bool == true ? page["pageInfo"]["endCursor"].text : nil
    return FeedPage(
      items: items, nextCursor: next, isLast: next == nil, observedAt: answer.date, calls: calls)
  }

  package func order(_ externalId: String) async throws(MarketplaceError) -> FeedItem {
    let answer = try await ask(.oneOrder, ["id": .string(ShopifyID.global(.order, externalId))])
    var calls = 1
    let node = answer.json["data"]["order"]
    guard !node.isNull else { throw .notFound("order \(externalId)") }
    let whole = try await withAllLines(node, calls: &calls)
    let refunds = try await refunds(of: ShopifyOrder.hasFewer(whole) ? [whole] : [], calls: &calls)
    return item(whole, refunds: refunds, observedAt: answer.date)
  }

  static func query(_ window: FeedRequest.Window) -> String {
    "updated_at:>='\(window.from)' AND updated_at:<='\(window.to)'"
  }

  /// Shopify writes whole seconds: an order that changed in the very second of the answer may change once more under
  /// the same time. It is left to the next window, which begins before this one's end.
  private func mayStillChange(_ node: JSON, at date: Timestamp) -> Bool {
    guard let updatedAt = node["updatedAt"].timestamp else { return false }
    return updatedAt == Timestamp(secondsSince1970: updatedAt.secondsSince1970) && updatedAt >= date
  }

  /// The order with the lines that its page had no room for.
  private func withAllLines(_ node: JSON, calls: inout Int) async throws(MarketplaceError) -> JSON {
    var whole = node
    var page = node["lineItems"]["pageInfo"]
    var lines = node["lineItems"]["nodes"].array
    while page["hasNextPage"].bool == true, let cursor = page["endCursor"].text {
      let (answer, asked) = try await ask(
        .orderLines, size: 100, ["id": node["id"], "after": .string(cursor)])
      calls += asked
      let more = answer.json["data"]["order"]["lineItems"]
      guard case .array(let nodes) = more["nodes"], !nodes.isEmpty else {
        throw .malformed("the lines of order \(node["id"].text ?? "") end too early")
      }
      lines += nodes
      page = more["pageInfo"]
    }
    whole["lineItems"] = ["nodes": .array(lines)]
    return whole
  }

  /// What was taken back of these orders, by order id: asked only where a line has become fewer.
  private func refunds(of orders: [JSON], calls: inout Int) async throws(MarketplaceError) -> [String: JSON] {
    guard !orders.isEmpty else { return [:] }
    calls += 1
    let answer = try await ask(.refunds, ["ids": .array(orders.map { $0["id"] })])
    return answer.json["data"]["nodes"].array.reduce(into: [:]) { found, node in
      if let id = ShopifyID.number(node["id"]) { found[id] = node["refunds"] }
    }
  }

  private func item(_ node: JSON, refunds: [String: JSON], observedAt: Timestamp) -> FeedItem {
    let id = ShopifyID.number(node["id"]) ?? ""
    do {
      let order = try ShopifyOrder.read(node, refunds: refunds[id] ?? .null, filter: filter)
      return connection.listed(order, payload: node, at: observedAt)
    } catch {
      let changed = node["updatedAt"].timestamp ?? observedAt
      return connection.unreadable(order: id, error.description, payload: node, changedAt: changed)
    }
  }
}
