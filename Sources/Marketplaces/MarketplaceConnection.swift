package import Events
package import JSON
package import Time

package import struct Foundation.UUID

/// A user's account at a marketplace, as `platform_connections` has it, without its credentials.
package struct MarketplaceConnection: Sendable, Equatable {
  package var id: UUID
  package var userId: String
  package var platform: Platform
  package var marketplaceId: Int
  package var name: String
  package var baseURL: String
  package var dialect: Dialect
  package var mode: Mode
  package var start: FeedStart
  package var syncRules: JSON
  package var realtimeEnabled: Bool
  package var isEnabled: Bool
  package var createdAt: Timestamp
  package var updatedAt: Timestamp

  package init(
    id: UUID, userId: String, platform: Platform, marketplaceId: Int, name: String, baseURL: String,
    dialect: Dialect, mode: Mode, start: FeedStart, syncRules: JSON, realtimeEnabled: Bool, isEnabled: Bool,
    createdAt: Timestamp, updatedAt: Timestamp
  ) {
    self.id = id
    self.userId = userId
    self.platform = platform
    self.marketplaceId = marketplaceId
    self.name = name
    self.baseURL = baseURL
    self.dialect = dialect
    self.mode = mode
    self.start = start
    self.syncRules = syncRules
    self.realtimeEnabled = realtimeEnabled
    self.isEnabled = isEnabled
    self.createdAt = createdAt
    self.updatedAt = updatedAt
  }

  /// The id as events and messages spell it.
  package var key: String { id.uuidString.lowercased() }

  /// What the marketplace's API looks like: as the documents of the requirements say, or as the service really is.
  package enum Dialect: String, Sendable { case documented, live }
  /// In `shadow` nothing is written to the marketplace or to a buyer.
  package enum Mode: String, Sendable { case live, shadow }
}

/// Where the feeds of a new connection begin.
package enum FeedStart: Sendable, Equatable {
  case latest, oldest
  case at(Timestamp)

  /// Nil unless it is `latest`, `oldest` or a time.
  package init?(_ text: String) {
    switch text {
    case "latest": self = .latest
    case "oldest": self = .oldest
    default:
      guard let time = Timestamp(text) else { return nil }
      self = .at(time)
    }
  }

  package var text: String {
    switch self {
    case .latest: "latest"
    case .oldest: "oldest"
    case .at(let time): time.description
    }
  }
}

/// What is needed to make a connection.
package struct ConnectionDraft: Sendable {
  package var userId: String
  package var platform: Platform
  package var name: String
  package var baseURL: String
  package var dialect: MarketplaceConnection.Dialect
  package var mode: MarketplaceConnection.Mode
  package var start: FeedStart
  package var secrets: Secrets

  package init(
    userId: String, platform: Platform, name: String, baseURL: String,
    dialect: MarketplaceConnection.Dialect = .live, mode: MarketplaceConnection.Mode = .live,
    start: FeedStart = .latest, secrets: Secrets
  ) {
    self.userId = userId
    self.platform = platform
    self.name = name
    self.baseURL = baseURL
    self.dialect = dialect
    self.mode = mode
    self.start = start
    self.secrets = secrets
  }
}
