import Events
import JSON
package import Marketplaces
import Time

/// WooCommerce, a shop of one's own: orders by the time of their change, products with their variations, stock, and
/// notes to the buyer.
package struct WooCommerceAdapter: MarketplaceAdapter {
  let connection: MarketplaceConnection
  let client: MarketplaceClient
  let filter: OrderFilter

  package init(connection: MarketplaceConnection, client: MarketplaceClient, filter: OrderFilter = .standard)
  {
    self.connection = connection
    self.client = client
    self.filter = filter
  }

  /// It has no limit of its own, but often a small machine.
  package static let allowance = CallBucket.Allowance(rate: 10, burst: 20)

  package var features: Features {
    Features(
      feeds: [.orders, .listings], stockWrite: .absolute, messages: Platform.woocommerce.takesMessages,
      webhooks: true, readsOrders: true, writesProducts: true)
  }

  package func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    switch request.feed {
    case .orders: return try await orders(request)
    case .listings: return try await listings(request)
    case .disputes: throw .unsupported("WooCommerce knows no disputes")
    case .offerEvents, .orderEvents: throw .unsupported("WooCommerce has no journal of events")
    }
  }

  package func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? { nil }

  package func check() async throws(MarketplaceError) {
    _ = try await get("/products", [("per_page", "1")])
  }

  /// A buyer's note of the order, which WooCommerce mails; a note of the same words is the same note.
  package func send(_ message: BuyerMessage) async throws(MarketplaceError) {
    let path = "/orders/\(PercentEncoding.segment(message.orderId))/notes"
    let notes = try await get(path, [("type", "customer")]).json.array
    if notes.contains(where: { $0["note"].text == message.text }) { return }
    let body: JSON = ["note": .string(message.text), "customer_note": true]
    _ = try await client.json(MarketplaceCall(.post, root + path, headers: Self.headers, body: body.bytes))
  }

  func get(
    _ path: String, _ query: [(name: String, value: String)] = []
  ) async throws(MarketplaceError) -> JSONAnswer {
    try await client.json(MarketplaceCall(.get, root + path, query: query, headers: Self.headers))
  }

  /// A list, which is the whole answer.
  func list(
    _ path: String, _ query: [(name: String, value: String)]
  ) async throws(MarketplaceError) -> (json: [JSON], date: Timestamp) {
    let answer = try await get(path, query)
    guard case .array(let list) = answer.json else { throw .malformed("\(path) is no list") }
    return (list, answer.date)
  }

  static let headers: [(name: String, value: String)] = [
    ("accept", "application/json"), ("content-type", "application/json"),
  ]

  /// The base URL may be the shop's or that of its API.
  var root: String { connection.baseURL.contains("/wp-json/") ? "" : "/wp-json/wc/v3" }
}
