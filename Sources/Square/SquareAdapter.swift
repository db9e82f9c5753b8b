import Events
import JSON
package import Marketplaces
import NIOConcurrencyHelpers
import Time

/// Square, by its Connect API. A listing is an item variation: orders, counts and the catalogue all name it.
package struct SquareAdapter: MarketplaceAdapter {
  let connection: MarketplaceConnection
  let client: MarketplaceClient
  let filter: OrderFilter
  let memory = NIOLockedValueBox(SquareMemory())

  package init(connection: MarketplaceConnection, client: MarketplaceClient, filter: OrderFilter = .standard)
  {
    self.connection = connection
    self.client = client
    self.filter = filter
  }

  /// The version of the API that the calls are written for.
  static let apiVersion = "2025-01-23"

  /// Square gives no figure; this is what its own libraries stay below.
  package static let allowance = CallBucket.Allowance(rate: 10, burst: 40)

  package var features: Features {
    Features(
      feeds: [.offerEvents, .orders, .listings, .disputes], stockWrite: .absolute, webhooks: true,
      readsOrders: true, writesProducts: true)
  }

  package func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    switch request.feed {
    case .orders: return try await orders(request)
    case .offerEvents: return try await changedCounts(request)
    case .listings: return try await listings(request)
    case .disputes: return try await disputes(request)
    case .orderEvents:
      throw .unsupported("Square has no journal of orders: they are read by their last change")
    }
  }

  package func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? {
    guard feed == .offerEvents else { return nil }
    // Counts are read by the time they were made: what follows from now on is later than the answer to any call.
    return CountPlace(since: try await get("/v2/locations").date).text
  }

  package func check() async throws(MarketplaceError) {
    _ = try await get("/v2/locations")
  }
}

extension SquareAdapter {
  func get(
    _ path: String, _ query: [(name: String, value: String)] = []
  ) async throws(MarketplaceError) -> JSONAnswer {
    try await client.json(
      MarketplaceCall(.get, path, query: query, headers: [("square-version", Self.apiVersion)]))
  }

  func post(_ path: String, _ body: JSON) async throws(MarketplaceError) -> JSONAnswer {
    try await client.json(
      MarketplaceCall(
        .post, path,
        headers: [("square-version", Self.apiVersion), ("content-type", "application/json")],
        body: body.withoutNulls.bytes))
  }

  /// The ids of the merchant's locations, asked once.
  func locations(calls: inout Int) async throws(MarketplaceError) -> [String] {
    if let known = memory.withLockedValue({ $0.locations }) { return known }
    calls += 1
    let locations = try await get("/v2/locations").json["locations"].array
    let found = locations.compactMap { $0["id"].text }
    guard !found.isEmpty else { throw .malformed("the merchant has no location") }
    memory.withLockedValue { ($0.locations, $0.currency) = (found, locations[0]["currency"].text) }
    return found
  }

  /// The currency of the merchant's prices.
  func currency() async throws(MarketplaceError) -> String {
    var calls = 0
    _ = try await locations(calls: &calls)
    guard let currency = memory.withLockedValue({ $0.currency }) else {
      throw .malformed("the merchant's location has no currency")
    }
    return currency
  }
}

extension JSON {
  /// An object without the members that are null, which Square refuses where it knows no null.
  fileprivate var withoutNulls: JSON {
    if case .object(let members) = self { .object(members.filter { !$0.value.isNull }) } else { self }
  }
}

/// What the adapter remembers from call to call, so as not to ask for it again.
struct SquareMemory {
  var locations: [String]?
  /// That of the first location.
  var currency: String?
  /// SKUs by variation: an order's lines don't say them.
  private(set) var skus: [String: String?] = [:]
  /// Orders by payment: a dispute names only the payment.
  private(set) var orders: [String: String] = [:]

  private static let most = 50_000

  mutating func note(sku: String?, of variation: String) {
    if skus.count >= Self.most { skus.removeAll() }
    skus[variation] = .some(sku)
  }

  mutating func note(order: String, ofPayment payment: String) {
    if orders.count >= Self.most { orders.removeAll() }
    orders[payment] = order
  }
}
