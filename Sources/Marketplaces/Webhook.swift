package import JSON
package import Time

/// A webhook as it came over the wire, before anybody believes it.
package struct WebhookRequest: Sendable, Equatable {
  /// By names in lower case; of a header that came twice the last value.
  package var headers: [String: String]
  /// The raw bytes: a signature is that of these and of nothing that was parsed and written again.
  package var body: [UInt8]
  package var receivedAt: Timestamp

  package init(headers: [String: String], body: [UInt8], receivedAt: Timestamp) {
    self.headers = headers
    self.body = body
    self.receivedAt = receivedAt
  }
}

/// What a webhook's signature is checked with.
package struct WebhookKeys: Sendable, Equatable {
  /// Every secret that is valid now; more than one while they are rotated.
  package var secrets: [String]
  /// The address that the marketplace was told to call, where the signature covers it (Square): ours as configured,
  /// not as a proxy passed it on.
  package var url: String

  package init(secrets: [String], url: String) {
    self.secrets = secrets
    self.url = url
  }
}

/// What a marketplace's webhooks mean. Pure: it calls nobody and stores nothing.
package protocol WebhookReader: Sendable {
  /// Whether a body is signed with one of the secrets, compared in constant time.
  func isGenuine(_ request: WebhookRequest, keys: WebhookKeys) -> Bool

  /// What a genuine webhook says.
  ///
  /// - Throws: `.malformed` when nothing can be made of it, not even a raw event to keep.
  func read(
    _ request: WebhookRequest, for connection: MarketplaceConnection, filter: OrderFilter
  ) throws(MarketplaceError) -> WebhookReading

  /// The answer to a call that only proves that we are there (Clover's verification code, WooCommerce's ping), which is
  /// not signed and leaves nothing behind; nil for any other.
  func handshake(_ request: WebhookRequest) -> JSON?
}

extension WebhookReader {
  package func handshake(_ request: WebhookRequest) -> JSON? { nil }
}

/// What became of reading a webhook.
package enum WebhookReading: Sendable, Equatable {
  /// What it says, whole. An unknown topic is an item that is `.skipped`.
  case items([FeedItem])
  /// It only names what has changed: these are to be asked for, and the raw event is kept until then.
  case fetch(RawEvent, [WebhookSubject])
}

/// Something that a webhook names without saying how it stands.
package enum WebhookSubject: Sendable, Hashable {
  case order(String)
  case listing(String)
  /// A feed has news, it doesn't say which.
  case feed(Feed)
}

/// A webhook that is registered at a marketplace.
package struct WebhookSubscription: Sendable, Equatable {
  package var id: String
  package var topic: String
  package var url: String

  package init(id: String, topic: String, url: String) {
    self.id = id
    self.topic = topic
    self.url = url
  }
}
