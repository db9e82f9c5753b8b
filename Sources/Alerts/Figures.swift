import Foundation
package import Postgres

/// How the whole installation stands at a moment.
package struct Figures: Sendable, Equatable {
  /// Those of every queue; empty when the broker is away.
  package var queues: [QueueFigures] = []
  /// Packets that wait for a relay.
  package var outboxPackets = 0
  /// How long the oldest of them has waited; nil when there is none.
  package var outboxSeconds: Double?
  package var openBreakers: [OpenBreaker] = []
  /// Stock rows below zero, the first hundred.
  package var oversold: [Oversold] = []
  /// Connections by platform and status.
  package var connections: [ConnectionCount] = []

  package init() {}

  package struct QueueFigures: Sendable, Equatable {
    package var name: String
    /// Nil is unknown.
    package var ready: Int?
    package var consumers: Int?
    package var dead: Int?

    package init(name: String, ready: Int?, consumers: Int?, dead: Int?) {
      self.name = name
      self.ready = ready
      self.consumers = consumers
      self.dead = dead
    }
  }

  package struct OpenBreaker: Sendable, Equatable {
    package var connectionId: String
    package var platform: String
    package var name: String
    package var errorClass: String

    package init(connectionId: String, platform: String, name: String, errorClass: String) {
      self.connectionId = connectionId
      self.platform = platform
      self.name = name
      self.errorClass = errorClass
    }
  }

  package struct Oversold: Sendable, Equatable {
    package var id: Int
    package var sku: String
    package var marketplaceId: Int
    package var onHand: Int

    package init(id: Int, sku: String, marketplaceId: Int, onHand: Int) {
      self.id = id
      self.sku = sku
      self.marketplaceId = marketplaceId
      self.onHand = onHand
    }
  }

  package struct ConnectionCount: Sendable, Equatable {
    package var platform: String
    package var status: String
    package var count: Int
  }
}

extension Figures {
  /// What the database knows; the queues are the broker's.
  package static func read(on connection: Connection) throws -> Figures {
    var figures = Figures()
    let outbox = try connection.query(
      """
      SELECT count(*), extract(epoch FROM clock_timestamp() - min(created_at))::float8
      FROM outbox WHERE published_at IS NULL
      """
    ).first
    figures.outboxPackets = outbox?.int(0) ?? 0
    figures.outboxSeconds = outbox?.optionalDouble(1)
    figures.openBreakers = try connection.query(
      """
      SELECT c.id::text, c.platform, c.name, b.error_class FROM breakers b
      JOIN platform_connections c ON c.id = b.connection_id
      WHERE b.open_until IS NOT NULL ORDER BY c.marketplace_id, b.error_class
      """
    ).map { .init(connectionId: $0.text(0), platform: $0.text(1), name: $0.text(2), errorClass: $0.text(3)) }
    // No index: one that looks at on_hand would make every sale rewrite it.
    figures.oversold = try connection.query(
      """
      SELECT s.id, v.sku, s.marketplace_id, s.on_hand FROM marketplace_stock s
      JOIN variations v ON v.id = s.variation_id WHERE s.on_hand < 0 ORDER BY s.id LIMIT 100
      """
    ).map { .init(id: $0.int(0), sku: $0.text(1), marketplaceId: $0.int(2), onHand: $0.int(3)) }
    figures.connections = try connection.query(
      "SELECT platform, status, count(*) FROM platform_connections GROUP BY 1, 2 ORDER BY 1, 2"
    ).map { .init(platform: $0.text(0), status: $0.text(1), count: $0.int(2)) }
    return figures
  }
}
