package import Logging
package import Postgres
import ServiceLifecycle

/// Sweeps for pending order events now and then (`ORDER_EVENT_SWEEP_SECONDS`), in the scheduler's role.
package struct OrderEventSweepService: Service {
  private let database: Database
  private let pause: Duration
  private let maxAge: Duration
  private let logger: Logger

  /// `maxAge`: `MESSAGING_MAX_AGE_HOURS`.
  package init(database: Database, pause: Duration, maxAge: Duration, logger: Logger) {
    self.database = database
    self.pause = pause
    self.maxAge = maxAge
    self.logger = logger
  }

  package func run() async throws {
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: pause) }
      if Task.isShuttingDownGracefully { return }
      do {
        let swept = try await sweep()
        if swept > 0 { logger.info("\(swept) orders had no event for messaging and have got one") }
      } catch {
        logger.warning("pending order events could not be looked for: \(error)")
      }
    }
  }

  /// An order has a minute to come to messaging by itself. One process sweeps at a time.
  private func sweep() async throws -> Int {
    let maxAge = self.maxAge
    return try await database.transaction { connection in
      let rows = try connection.query(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('crossdock order sweep of ' || current_schema(), 0))"
      )
      guard rows.first?.bool(0) ?? false else { return 0 }
      return try OrderEventSweep.run(
        ofUser: nil, patience: .seconds(60), maxAge: maxAge, on: connection)
    }
  }
}
