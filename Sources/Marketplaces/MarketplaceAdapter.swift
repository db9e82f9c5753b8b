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

  /// Puts a product on sale, with none in stock; a listing that has the SKU already is brought to it instead. Answers the
  /// listing's id.
  func create(_ product: ProductDraft) async throws(MarketplaceError) -> String

  /// Brings what a listing says of its product to the draft, as far as that says anything.
  func update(listing listingId: String, to product: ProductDraft) async throws(MarketplaceError)

  /// Takes a listing off for good; one that is gone already is no error.
  func delete(listing listingId: String) async throws(MarketplaceError)

  /// Reads one listing now.
  func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead

  /// Writes to the buyer of an order. None of the marketplaces has a key against repetition: where an earlier attempt
  /// may have arrived, it is looked for first.
  func send(_ message: BuyerMessage) async throws(MarketplaceError)

  /// Reads one order now, as an item of the `orders` feed would have it.
  func order(_ externalId: String) async throws(MarketplaceError) -> FeedItem

  /// Reads several listings now; those that are not there are left out.
  func listings(_ ids: [String]) async throws(MarketplaceError) -> [ListingRead]

  /// Reads several orders now, as items of the `orders` feed would have them; those that are not there are left out.
  func orders(_ ids: [String]) async throws(MarketplaceError) -> [FeedItem]

  /// The webhooks that are registered at the marketplace for this connection, ours and others'.
  func webhooks() async throws(MarketplaceError) -> [WebhookSubscription]

  /// Registers a webhook; one that is there already is no error.
  func subscribe(to topic: String, url: String) async throws(MarketplaceError)

  /// Removes a webhook; one that is gone already is no error.
  func unsubscribe(_ subscription: WebhookSubscription) async throws(MarketplaceError)

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

/// A message to the buyer of an order.
package struct BuyerMessage: Sendable, Equatable {
  package var orderId: String
  package var text: String
  /// When the first attempt was made of those that nobody knows the end of; nil when there is none.
  package var triedAt: Timestamp?

  package init(orderId: String, text: String, triedAt: Timestamp? = nil) {
    self.orderId = orderId
    self.text = text
    self.triedAt = triedAt
  }

  /// Since when it can have arrived, whatever the difference of the clocks; nil when it can't have.
  package var mayHaveArrivedSince: Timestamp? { triedAt.map { $0 - .seconds(300) } }

  /// Its text within so many characters, the end of a longer one left out.
  package func text(within limit: Int) -> String {
    text.count <= limit ? text : text.prefix(limit - 1) + "…"
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
  package func send(_ message: BuyerMessage) async throws(MarketplaceError) {
    throw .unsupported("this marketplace has no way to write to the buyer of an order")
  }

  package func create(_ product: ProductDraft) async throws(MarketplaceError) -> String {
    throw .unsupported(Self.noProducts)
  }

  package func update(listing listingId: String, to product: ProductDraft) async throws(MarketplaceError) {
    throw .unsupported(Self.noProducts)
  }

  package func delete(listing listingId: String) async throws(MarketplaceError) {
    throw .unsupported(Self.noProducts)
  }

  private static var noProducts: String {
    "products of this marketplace are created, changed and deleted by hand, in its own pages"
  }

  package func order(_ externalId: String) async throws(MarketplaceError) -> FeedItem {
    throw .unsupported("this marketplace has no way to read one order")
  }

  /// For a marketplace that answers one at a time.
  package func listings(_ ids: [String]) async throws(MarketplaceError) -> [ListingRead] {
    try await found(ids) { id throws(MarketplaceError) in try await listing(id) }
  }

  /// For a marketplace that answers one at a time.
  package func orders(_ ids: [String]) async throws(MarketplaceError) -> [FeedItem] {
    try await found(ids) { id throws(MarketplaceError) in try await order(id) }
  }

  /// Those that are there, by their ids.
  private func found<Value: Sendable>(
    _ ids: [String], _ read: @escaping @Sendable (String) async throws(MarketplaceError) -> Value
  ) async throws(MarketplaceError) -> [Value] {
    try await concurrently(ids) { id throws(MarketplaceError) -> Value? in
      do throws(MarketplaceError) {
        return try await read(id)
      } catch {
        guard case .notFound = error else { throw error }
        return nil
      }
    }.sorted { $0.key < $1.key }.compactMap(\.value)
  }

  package func webhooks() async throws(MarketplaceError) -> [WebhookSubscription] {
    throw .unsupported(Self.noRegistration)
  }

  package func subscribe(to topic: String, url: String) async throws(MarketplaceError) {
    throw .unsupported(Self.noRegistration)
  }

  package func unsubscribe(_ subscription: WebhookSubscription) async throws(MarketplaceError) {
    throw .unsupported(Self.noRegistration)
  }

  private static var noRegistration: String {
    "webhooks of this marketplace are registered by hand, in its own settings"
  }
}
