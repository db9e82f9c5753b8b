import Logging
import Postgres
import RabbitMQ
import Schema
import Settings
import Topology

/// What must be there before a process starts: the schema and the topology.
struct Prerequisites {
  let settings: Settings
  let database: Database

  /// Throws when a server that answers lacks something; one that doesn't answer is no reason not to start.
  func check() async throws {
    try await checkSchema()
    try await checkTopology()
  }

  private func checkSchema() async throws {
    let migrations = try Migration.bundled()
    let silent = Logger(label: "migrate") { _ in SwiftLogNoOpLogHandler() }
    do {
      let isComplete = try await database.withConnection { connection in
        try Migrator(connection: connection, migrations: migrations, log: silent).status()
          .allSatisfy { $0.appliedAt != nil }
      }
      guard isComplete else {
        throw Failure(.configuration, "the database's schema is not up to date: run `crossdock migrate`")
      }
    } catch let error as PostgresError where error.kind == .unavailable {
      return
    }
  }

  private func checkTopology() async throws {
    let topology = settings.topology
    do {
      let drifts = try await settings.withBroker { try topology.check(on: $0) }
      guard let first = drifts.first else { return }
      throw Failure(.configuration, first.description)
    } catch let error as RabbitMQError where error.scope == .connection {
      return
    }
  }
}
