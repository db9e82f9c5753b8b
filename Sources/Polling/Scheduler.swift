package import Logging
package import Marketplaces
import Outbox
package import Postgres
import ServiceLifecycle
import Time

import struct Foundation.UUID

/// Fires the feeds that are due. Any number may run: a tick is led by whoever gets the lock, so that another leads
/// the next one when the leader is gone.
package struct Scheduler: Service {
  let database: Database
  let pause: Duration
  let settings: @Sendable () -> PollSettings
  let feeds: @Sendable (MarketplaceConnection) -> Set<Feed>
  let logger: Logger

  /// `feeds` are those that a connection's marketplace has; `pause` is the time between two ticks.
  package init(
    database: Database, pause: Duration = .seconds(1), logger: Logger,
    feeds: @escaping @Sendable (MarketplaceConnection) -> Set<Feed>,
    settings: @escaping @Sendable () -> PollSettings
  ) {
    self.database = database
    self.pause = pause
    self.settings = settings
    self.feeds = feeds
    self.logger = logger
  }

  package func run() async throws {
    var isAway = false
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      do {
        _ = try await tick()
        if isAway { logger.info("the scheduler goes on") }
        isAway = false
      } catch {
        if !isAway { logger.warning("the scheduler waits: \(error)") }
        isAway = true
      }
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
    }
  }

  /// One look at all feeds; answers how many jobs were published, or nil when another process leads.
  package func tick() async throws -> Int? {
    let (settings, feeds) = (self.settings(), self.feeds)
    return try await database.transaction { connection in
      guard try Self.leads(connection) else { return nil }
      let now = try connection.query("SELECT clock_timestamp()").first?.timestamp(0) ?? .now()
      try Self.beat(connection)
      let plan = SchedulePlan(
        settings: settings.overridden(by: try PollConfig.read(on: connection)), now: now)
      var jobs: [PollJob] = []
      for (account, states) in try Self.load(connection) {
        for (feed, step) in plan.steps(of: feeds(account), states: states) {
          try Self.take(step, feed, of: account.id, into: &jobs, on: connection)
        }
      }
      try Outbox.append(jobs.map { $0.message(at: now) }, on: connection)
      return jobs.count
    }
  }

  /// The lock ends with the transaction, by commit or by the end of its process.
  private static func leads(_ connection: Connection) throws -> Bool {
    let rows = try connection.query(
      "SELECT pg_try_advisory_xact_lock(hashtextextended('crossdock scheduler of ' || current_schema(), 0))")
    return rows.first?.bool(0) ?? false
  }

  /// Notes that there is a scheduler at work.
  private static func beat(_ connection: Connection) throws {
    _ = try connection.send(
      """
      INSERT INTO scheduler_beat (beat_at) VALUES (clock_timestamp())
      ON CONFLICT (singleton) DO UPDATE SET beat_at = excluded.beat_at
      """)
  }

  private static func load(
    _ connection: Connection
  ) throws -> [(MarketplaceConnection, [Feed: SchedulePlan.FeedState])] {
    let accounts = try connection.query(
      "SELECT \(ConnectionRow.columns) FROM platform_connections WHERE status = 'enabled' ORDER BY id")
    let rows = try connection.query(
      """
      SELECT f.connection_id, f.feed, f.status, f.job_expires_at, f.next_due_at, f.last_polled_at IS NOT NULL
      FROM feeds f JOIN platform_connections c ON c.id = f.connection_id AND c.status = 'enabled'
      """)
    var states: [UUID: [Feed: SchedulePlan.FeedState]] = [:]
    for row in rows {
      guard let feed = Feed(rawValue: row.text(1)) else { continue }
      states[row.uuid(0), default: [:]][feed] = SchedulePlan.FeedState(
        status: FeedStatus(rawValue: row.text(2)) ?? .active, jobExpiresAt: row.optionalTimestamp(3),
        nextDueAt: row.optionalTimestamp(4), wasPolled: row.bool(5))
    }
    return try accounts.map { row in
      let account = try ConnectionRow.read(row)
      return (account, states[account.id] ?? [:])
    }
  }

  private static func take(
    _ step: SchedulePlan.Step, _ feed: Feed, of connectionId: UUID, into jobs: inout [PollJob],
    on connection: Connection
  ) throws {
    switch step {
    case .nothing: return
    case .note(let nextDueAt):
      try connection.query(
        "UPDATE feeds SET next_due_at = $3 WHERE connection_id = $1 AND feed = $2",
        [connectionId, feed.rawValue, nextDueAt])
    case .fire(let slot, let expiresAt, let nextDueAt):
      try connection.query(
        """
        INSERT INTO feeds (connection_id, feed, job_slot, job_expires_at, next_due_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (connection_id, feed) DO UPDATE
        SET job_slot = $3, job_expires_at = $4, next_due_at = $5
        """, [connectionId, feed.rawValue, slot, expiresAt, nextDueAt])
      jobs.append(
        PollJob(
          jobId: slot, connectionId: connectionId, feed: feed, expiresAt: expiresAt, reason: .schedule))
    }
  }
}
