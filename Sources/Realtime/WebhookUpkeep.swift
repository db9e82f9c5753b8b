import Events
package import Logging
package import Marketplaces
package import Postgres
package import ServiceLifecycle

import struct Foundation.UUID

/// Sees to it that the webhooks of connections with real-time sync stay registered: marketplaces drop a subscription
/// whose address did not answer for a while, and tell nobody.
///
/// Any number may run, since registering what is there already changes nothing.
package struct WebhookUpkeep: Service {
  let database: Database
  let connections: ConnectionStore
  let adapters: Adapters
  let baseURL: String
  let pause: Duration
  let logger: Logger

  /// `baseURL`: how marketplaces reach the gateway (`BASE_URL`).
  package init(
    database: Database, connections: ConnectionStore, adapters: Adapters, baseURL: String,
    pause: Duration = .seconds(600), logger: Logger
  ) {
    self.database = database
    self.connections = connections
    self.adapters = adapters
    self.baseURL = baseURL
    self.pause = pause
    self.logger = logger
  }

  package func run() async throws {
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      do { _ = try await tick() } catch { logger.warning("the look at the webhooks waits: \(error)") }
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
    }
  }

  /// One look at every connection; answers how many webhooks were registered again. One connection's trouble is that
  /// connection's alone.
  package func tick() async throws -> Int {
    var restored = 0
    for account in try await connections.list() where account.isEnabled && account.realtimeEnabled {
      do throws(MarketplaceError) {
        let topics = try await restore(account)
        guard !topics.isEmpty else { continue }
        restored += topics.count
        logger.warning(
          "lost webhooks were registered again: \(topics.joined(separator: ", "))",
          metadata: ["connection": "\(account.key)"])
        try? await note(topics, of: account)
      } catch {
        logger.warning(
          "the webhooks could not be looked at: \(error)", metadata: ["connection": "\(account.key)"])
      }
    }
    return restored
  }

  /// Registers what is missing; answers the topics.
  private func restore(_ account: MarketplaceConnection) async throws(MarketplaceError) -> [String] {
    let adapter = try adapters.adapter(for: account)
    let wanted = adapter.features.webhookTopics
    guard !wanted.isEmpty else { return [] }
    let address = "\(baseURL)/webhook/\(account.platform.rawValue)/\(account.key)"
    let registered = Set(try await adapter.webhooks().filter { $0.url == address }.map(\.topic))
    let missing = wanted.filter { !registered.contains($0) }
    for topic in missing { try await adapter.subscribe(to: topic, url: address) }
    return missing
  }

  private func note(_ topics: [String], of account: MarketplaceConnection) async throws {
    try await database.withConnection { connection in
      _ = try connection.query(
        """
        INSERT INTO activity_log (connection_id, user_id, kind, body)
        VALUES ($1, $2, 'webhooks.restored', jsonb_build_object('topics', to_jsonb($3::text[])))
        """, [account.id, account.userId, topics])
    }
  }
}
