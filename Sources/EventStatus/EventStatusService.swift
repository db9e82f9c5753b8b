package import Logging
package import Postgres
import ServiceLifecycle

/// Keeps the status of events up to date, in the scheduler's role; one process works, however many there are.
package struct EventStatusService: Service {
  private let status: EventStatus
  private let database: Database
  private let pause: Duration
  private let logger: Logger

  package init(_ status: EventStatus, database: Database, pause: Duration = .seconds(2), logger: Logger) {
    self.status = status
    self.database = database
    self.pause = pause
    self.logger = logger
  }

  package func run() async throws {
    var place = EventStatus.Place()
    var isAway = false
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      var rest = pause
      do {
        let start = ContinuousClock.now
        let moved = try await look(from: place)
        place = moved?.next ?? place
        // While there is much to move it works half of the time, else it looks now and then.
        if let moved, moved.moved >= EventStatus.pageSize / 2 { rest = min(pause, .now - start) }
        isAway = false
      } catch {
        if !isAway { logger.warning("the status of events is not kept up to date: \(error)") }
        isAway = true
      }
      try? await cancelWhenGracefulShutdown { [rest] in try await Task.sleep(for: rest) }
    }
  }

  /// One look; nil when another process is at it.
  package func look(from place: EventStatus.Place) async throws -> EventStatus.Moved? {
    let status = self.status
    return try await database.transaction { connection in
      let rows = try connection.query(
        "SELECT pg_try_advisory_xact_lock(hashtextextended('crossdock event status of ' || current_schema(), 0))"
      )
      guard rows.first?.bool(0) ?? false else { return nil }
      return try status.move(from: place, on: connection)
    }
  }
}
