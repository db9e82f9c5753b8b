import Events
import JSON
package import Marketplaces
import NIOConcurrencyHelpers
import Time

/// eBay: orders that have been checked out, by the time of their change, payment disputes, messages to buyers, and the
/// inventory, whose items are known by their SKU.
package struct EbayAdapter: MarketplaceAdapter {
  let connection: MarketplaceConnection
  let client: MarketplaceClient
  let filter: OrderFilter
  let memory = NIOLockedValueBox(EbayMemory())

  package init(connection: MarketplaceConnection, client: MarketplaceClient, filter: OrderFilter = .standard)
  {
    self.connection = connection
    self.client = client
    self.filter = filter
  }

  /// Millions of calls a day, but not all at once.
  package static let allowance = CallBucket.Allowance(rate: 10, burst: 20)

  package var features: Features {
    Features(
      feeds: [.orders, .listings, .disputes], stockWrite: .absolute, messages: Platform.ebay.takesMessages,
      readsOrders: true)
  }

  package func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    switch request.feed {
    case .orders: return try await orders(request)
    case .listings: return try await listings(request)
    case .disputes: return try await disputes(request)
    case .offerEvents, .orderEvents: throw .unsupported("eBay has no journal of events")
    }
  }

  package func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? { nil }

  package func check() async throws(MarketplaceError) {
    _ = try await get("/sell/fulfillment/v1/order", [("limit", "1")])
  }

  func get(
    _ path: String, _ query: [(name: String, value: String)] = [], at baseURL: String? = nil
  ) async throws(MarketplaceError) -> JSONAnswer {
    try await client.json(
      MarketplaceCall(.get, path, query: query, headers: [("accept", "application/json")], baseURL: baseURL))
  }
}
