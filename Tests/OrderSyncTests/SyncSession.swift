import Events
import Foundation
import Lane
import OrderSync
import Postgres
import TestServers

/// What a lane does with batches, without a broker.
struct SyncSession {
  static let connectionId = "6f1c0000-0000-4000-8000-000000000001"

  let connection: Connection
  private var consumer = OrderSync(
    allowedFinancialStatuses: ["paid", "pending"], logger: TestServers.silence)

  init(_ connection: Connection) throws {
    self.connection = connection
    let settings = LaneTransaction.settings.merging(["synchronous_commit": "off"]) { $1 }
    for (name, value) in settings { try connection.query("SET \(name) = \(value)") }
  }

  /// Registers the connection that events come from unless they say otherwise.
  func register() throws {
    try connection.query(
      """
      INSERT INTO platform_connections (id, user_id, platform, marketplace_id, name, base_url)
      VALUES ($1, 'u-1', 'allegro', 7, 'shop', 'http://localhost')
      """, [UUID(uuidString: Self.connectionId)])
  }

  /// One batch; an id that stands in it twice counts once, and an aborted transaction is run again.
  @discardableResult
  mutating func run(_ events: [Event]) throws -> [Int: Disposition] {
    var ids: Set<String> = []
    let distinct = events.filter { ids.insert($0.id).inserted }
    while true {
      do {
        return try LaneTransaction.run(&consumer, distinct, on: connection)
      } catch {
        try? connection.rollback()
        guard (error as? PostgresError)?.kind == .aborted else { throw error }
      }
    }
  }

  /// Runs `body` with a session on a schema of its own, in which the connection is registered; in the test's own
  /// task, so that what it expects is said of that test.
  static func with<T: Sendable>(_ body: @Sendable (inout SyncSession) throws -> T) async throws -> T {
    try await TestDatabase.with { test in
      var session = try SyncSession(.open(test.url, name: "tests"))
      try session.register()
      return try body(&session)
    }
  }
}
