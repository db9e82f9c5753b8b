import Events
import JSON
package import Marketplaces
import Time

/// Back Market: orders, listings and complaints are listed, quantities are written; it sends no webhooks, and buyers can
/// be written to only about a complaint.
package struct BackMarketAdapter: MarketplaceAdapter {
  let connection: MarketplaceConnection
  let client: MarketplaceClient
  let filter: OrderFilter

  package init(connection: MarketplaceConnection, client: MarketplaceClient, filter: OrderFilter = .standard)
  {
    self.connection = connection
    self.client = client
    self.filter = filter
  }

  /// Over 200 calls in 10 seconds it blocks for 10 seconds, and says so in no header.
  package static let allowance = CallBucket.Allowance(rate: 18, burst: 20)

  package var features: Features {
    Features(feeds: [.orders, .listings, .disputes], stockWrite: .absolute, readsOrders: true)
  }

  package func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    switch request.feed {
    case .orders: return try await orders(request)
    case .listings: return try await listings(request)
    case .disputes: return try await disputes(request)
    case .offerEvents, .orderEvents: throw .unsupported("Back Market has no journal of events")
    }
  }

  package func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? { nil }

  package func check() async throws(MarketplaceError) {
    _ = try await get("/ws/listings", [("page-size", "1")])
  }

  func get(
    _ path: String, _ query: [(name: String, value: String)] = []
  ) async throws(MarketplaceError) -> JSONAnswer {
    try await client.json(MarketplaceCall(.get, path, query: query, headers: headers))
  }

  /// A page of results, and whether others follow.
  func results(
    _ path: String, _ query: [(name: String, value: String)]
  ) async throws(MarketplaceError) -> (json: [JSON], hasNext: Bool, date: Timestamp) {
    let answer = try await get(path, query)
    guard case .array(let results) = answer.json["results"] else {
      throw .malformed("a page of \(path) has no 'results'")
    }
    return (results, !answer.json["next"].isNull, answer.date)
  }

  /// What it wants of every call: the market that prices and texts are for, and who calls.
  var headers: [(name: String, value: String)] {
    [
      ("accept", "application/json"), ("content-type", "application/json"),
      ("accept-language", Self.market(of: connection.baseURL)), ("user-agent", Self.caller(connection)),
    ]
  }

  /// The market of an address: `https://www.backmarket.fr` is that of France.
  static func market(of baseURL: String) -> String {
    let host = baseURL.split(separator: "/").dropFirst().first ?? ""
    if host.hasSuffix(".com") { return "en-us" }
    if host.hasSuffix(".jp") { return "ja-jp" }
    return "fr-fr"
  }

  /// `BM-{Company}-{Integration};mail`
  static func caller(_ connection: MarketplaceConnection) -> String {
    let company = connection.name.filter { $0.isASCII && ($0.isLetter || $0.isNumber) }
    let mail = connection.userId
    let isMail = mail.utf8.allSatisfy { (0x21...0x7E).contains($0) } && mail.contains("@")
    return "BM-\(company.isEmpty ? "Seller" : company)-Crossdock" + (isMail ? ";" + mail : "")
  }
}
