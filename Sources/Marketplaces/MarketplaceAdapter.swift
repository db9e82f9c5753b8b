package import JSON
package import Time

/// What every marketplace can be asked; one adapter speaks for one connection.
package protocol MarketplaceAdapter: Sendable {
  var features: Features { get }

  /// One page of a feed. The adapter decides nothing about when, how often or from where on.
  func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage

  /// The cursor after which only what happens from now on follows; nil when the feed is empty or has no such mark.
  func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String?

  /// Brings a listing to a quantity. The key is the same for every attempt at the same write.
  func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten

  /// Reads one listing now.
  func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead

  /// Writes to the buyer of an order. The key is the same for every attempt at the same message.
  func send(message: String, toBuyerOf orderId: String, idempotencyKey: String) async throws(MarketplaceError)

  /// A call that changes nothing and succeeds only with valid credentials.
  func check() async throws(MarketplaceError)
}

/// A stock write that the marketplace has taken, and when, on its clock.
package struct StockWritten: Sendable, Equatable {
  package var quantity: Int
  package var at: Timestamp

  package init(quantity: Int, at: Timestamp) {
    self.quantity = quantity
    self.at = at
  }
}

/// One listing as read at a moment of the marketplace's clock.
package struct ListingRead: Sendable, Equatable {
  package var listing: Listing
  package var at: Timestamp
  /// As the marketplace said it.
  package var payload: JSON

  package init(listing: Listing, at: Timestamp, payload: JSON) {
    self.listing = listing
    self.at = at
    self.payload = payload
  }
}

extension MarketplaceAdapter {
  package func send(
    message: String, toBuyerOf orderId: String, idempotencyKey: String
  ) async throws(MarketplaceError) {
    throw .unsupported("this marketplace has no way to write to the buyer of an order")
  }
}
