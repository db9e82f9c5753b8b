package import Logging
package import Marketplaces
package import Polling
package import Postgres
package import ServiceLifecycle
import Time

import struct Foundation.UUID

/// Orders the reconciliations that are due (`RECONCILE_AT`). Any number may run: a slot of a marketplace is ordered
/// once, whoever is first.
package struct ReconciliationSchedule: Service {
  let database: Database
  let schedule: FeedSchedule
  let pause: Duration
  let feeds: @Sendable (MarketplaceConnection) -> Set<Feed>
  let logger: Logger

  /// A slot that was missed is made up for, for this long.
  static let grace = Duration.seconds(3_600)

  /// `feeds` are those that a connection's marketplace has.
  package init(
    database: Database, schedule: FeedSchedule, pause: Duration = .seconds(10), logger: Logger,
    feeds: @escaping @Sendable (MarketplaceConnection) -> Set<Feed>
  ) {
    self.database = database
    self.schedule = schedule
    self.pause = pause
    self.feeds = feeds
    self.logger = logger
  }

  package func run() async throws {
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      do { _ = try await tick() } catch { logger.warning("the reconciliations wait: \(error)") }
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
    }
  }

  /// One look; answers how many reconciliations were ordered.
  package func tick() async throws -> Int {
    let (schedule, feeds) = (self.schedule, self.feeds)
    return try await database.transaction { connection in
      let now = try connection.query("SELECT clock_timestamp()").first?.timestamp(0) ?? .now()
      guard let due = schedule.next(after: now - Self.grace), due <= now else { return 0 }
      let accounts = try connection.query(
        """
        SELECT \(ConnectionRow.columns) FROM platform_connections c
         WHERE status = 'enabled' AND created_at < $2
           AND NOT EXISTS (SELECT FROM reconciliations r WHERE r.connection_id = c.id AND r.slot = $1)
         ORDER BY id
        """, [due.description, due]
      ).map { try ConnectionRow.read($0) }
      let wanted = accounts.filter { feeds($0).contains(.listings) }
      return try wanted.reduce(0) { count, account in
        let id = try Reconciliations.order(
          account.id, reason: .schedule, slot: due.description, on: connection)
        return count + (id == nil ? 0 : 1)
      }
    }
  }
}
