import Events
import JSON
package import Marketplaces
import Time

/// Clover, a till: its orders and items, by one merchant. The base URL names the merchant, as in
/// `https://api.clover.com/v3/merchants/ABCDEFGHJKMNP`.
package struct CloverAdapter: MarketplaceAdapter {
  let connection: MarketplaceConnection
  let client: MarketplaceClient
  let filter: OrderFilter

  package init(connection: MarketplaceConnection, client: MarketplaceClient, filter: OrderFilter = .standard)
  {
    self.connection = connection
    self.client = client
    self.filter = filter
  }

  /// 16 calls a second for a token, those that were saved up among them.
  package static let allowance = CallBucket.Allowance(rate: 12, burst: 4)

  package var features: Features {
    Features(feeds: [.orders, .listings], stockWrite: .absolute, webhooks: true, readsOrders: true)
  }

  package func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    switch request.feed {
    case .orders: return try await orders(request)
    case .listings: return try await listings(request)
    case .disputes: throw .unsupported("Clover knows no disputes")
    case .offerEvents, .orderEvents: throw .unsupported("Clover has no journal of events")
    }
  }

  package func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? { nil }

  package func check() async throws(MarketplaceError) {
    _ = try await get("/items", [("limit", "1")])
  }

  func get(
    _ path: String, _ query: [(name: String, value: String)] = []
  ) async throws(MarketplaceError) -> JSONAnswer {
    try await client.json(
      MarketplaceCall(.get, path, query: query, headers: [("accept", "application/json")]))
  }

  /// The elements of a list.
  func list(
    _ path: String, _ query: [(name: String, value: String)]
  ) async throws(MarketplaceError) -> (json: [JSON], date: Timestamp) {
    let answer = try await get(path, query)
    guard case .array(let elements) = answer.json["elements"] else {
      throw .malformed("a page of \(path) has no 'elements'")
    }
    return (elements, answer.date)
  }
}
