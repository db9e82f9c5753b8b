import Events
import JSON
package import Marketplaces
import Time

/// Refurbed: orders and offers are listed, stock is written, and its webhook names an order.
package struct RefurbedAdapter: MarketplaceAdapter {
  let connection: MarketplaceConnection
  let client: MarketplaceClient
  let filter: OrderFilter

  package init(connection: MarketplaceConnection, client: MarketplaceClient, filter: OrderFilter = .standard)
  {
    self.connection = connection
    self.client = client
    self.filter = filter
  }

  /// It publishes no figure.
  package static let allowance = CallBucket.Allowance(rate: 10, burst: 20)

  package var features: Features {
    Features(feeds: [.orders, .listings], stockWrite: .absolute, webhooks: true, readsOrders: true)
  }

  package func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    switch request.feed {
    case .orders: return try await orders(request)
    case .listings: return try await listings(request)
    case .disputes: throw .unsupported("Refurbed's tickets are no disputes, and are not read")
    case .offerEvents, .orderEvents: throw .unsupported("Refurbed has no journal of events")
    }
  }

  package func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? { nil }

  package func check() async throws(MarketplaceError) {
    _ = try await call("OfferService/ListOffers", ["pagination": ["limit": 1]])
  }

  /// Every call is a POST to a method of a service.
  func call(_ method: String, _ body: JSON) async throws(MarketplaceError) -> JSONAnswer {
    try await client.json(
      MarketplaceCall(
        .post, "/refb.merchant.v1." + method,
        headers: [("accept", "application/json"), ("content-type", "application/json")], body: body.bytes))
  }

  /// A page of a list, sorted by id, after the one of that id.
  func list(
    _ method: String, of member: String, after id: String?, limit: Int, filter: JSON = .null
  ) async throws(MarketplaceError) -> (json: [JSON], hasMore: Bool, date: Timestamp) {
    var pagination: JSON = ["limit": .integer(min(max(limit, 1), 100))]
    if let id { pagination["starting_after"] = .string(id) }
    var body: JSON = ["pagination": pagination, "sort": ["by": "ID", "order": "ASC"]]
    if !filter.isNull { body["filter"] = filter }
    let answer = try await call(method, body)
    switch (answer.json, answer.json[member]) {
    // An empty list may be left out.
    case (.object, .array), (.object, .null): break
    default: throw .malformed("\(method) answers no list of \(member)")
    }
    return (answer.json[member].array, answer.json["has_more"].bool ?? false, answer.date)
  }
}
