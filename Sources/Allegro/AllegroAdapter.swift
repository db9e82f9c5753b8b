import Events
import JSON
package import Marketplaces
import Time

/// Allegro, in either dialect: as the service is (`live`), or as the requirements describe it (`documented`).
package struct AllegroAdapter: MarketplaceAdapter {
  let connection: MarketplaceConnection
  let client: MarketplaceClient
  let filter: OrderFilter

  package init(connection: MarketplaceConnection, client: MarketplaceClient, filter: OrderFilter = .standard)
  {
    self.connection = connection
    self.client = client
    self.filter = filter
  }

  /// 9000 calls a minute for an account, and some saved up.
  package static let allowance = CallBucket.Allowance(rate: 150, burst: 300)

  package var features: Features {
    Features(
      feeds: Set(Feed.allCases), stockWrite: .absolute, messages: Platform.allegro.takesMessages,
      mergesOrders: Platform.allegro.mergesOrders)
  }

  package func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    switch request.feed {
    case .offerEvents: return try await offerEvents(request)
    case .orderEvents: return try await orderEvents(request)
    case .orders: return try await orders(request)
    case .listings: return try await listings(request)
    case .disputes: return try await disputes(request)
    }
  }

  package func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? {
    switch feed {
    case .orderEvents: return try await get("/order/event-stats").json["latestEvent"]["id"].text
    case .offerEvents: return try await lastOfferEvent()
    case .orders, .listings, .disputes: return nil
    }
  }

  package func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten {
    let body: JSON = ["stock": ["available": .integer(quantity)]]
    let answer = try await client.json(
      MarketplaceCall(
        .patch, "/sale/product-offers/" + PercentEncoding.segment(listingId),
        headers: [("accept", Self.mediaType), ("content-type", Self.mediaType)], body: body.bytes))
    return StockWritten(quantity: quantity, at: answer.date)
  }

  package func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    let answer = try await get("/sale/product-offers/" + PercentEncoding.segment(externalId))
    guard let listing = AllegroOffer.listing(of: answer.json) else {
      throw .malformed("offer \(externalId) has no id")
    }
    return ListingRead(listing: listing, at: answer.date, payload: answer.json)
  }

  package func check() async throws(MarketplaceError) {
    _ = try await get("/sale/offers", [("limit", "1")])
  }

  static let mediaType = "application/vnd.allegro.public.v1+json"

  func get(
    _ path: String, _ query: [(name: String, value: String)] = []
  ) async throws(MarketplaceError) -> JSONAnswer {
    try await client.json(MarketplaceCall(.get, path, query: query, headers: [("accept", Self.mediaType)]))
  }

  /// Nil instead of `.notFound`.
  func find(_ path: String) async throws(MarketplaceError) -> JSONAnswer? {
    do {
      return try await get(path)
    } catch .notFound {
      return nil
    }
  }
}
