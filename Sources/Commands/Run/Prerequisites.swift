package import Logging
package import Postgres
import RabbitMQ
import Schema
package import Settings
import Topology

/// What must be there before a process starts: the schema and the topology.
package struct Prerequisites {
  let settings: Settings
  let database: Database
  let logger: Logger
  /// How long what may come by itself is waited for: an operator who deletes a queue and declares it again, a
  /// release's migrations.
  let patience: Duration

  package init(
    settings: Settings, database: Database, logger: Logger, patience: Duration = .seconds(30)
  ) {
    self.settings = settings
    self.database = database
    self.logger = logger
    self.patience = patience
  }

  /// Returns when everything is there, and throws when a server that answers lacks something. One that doesn't
  /// answer, or is half up, is no reason not to start: lanes wait for it, however long it takes.
  package func check() async throws {
    let deadline = ContinuousClock.now + patience
    var said: Lack?
    while let lack = try await lack() {
      guard lack.mayPass, .now < deadline else { throw Failure(.configuration, lack.sentence) }
      if lack != said {
        logger.warning("waiting, at most \(patience.components.seconds) s in all: \(lack.sentence)")
        said = lack
      }
      try await Task.sleep(for: .milliseconds(500))
    }
  }

  private func lack() async throws -> Lack? {
    if let lack = try await schemaLack() { return lack }
    return try await topologyLack()
  }

  private func schemaLack() async throws -> Lack? {
    let migrations = try Migration.bundled()
    let silent = Logger(label: "migrate") { _ in SwiftLogNoOpLogHandler() }
    do {
      return try await database.withConnection { connection in
        Lack(try Migrator(connection: connection, migrations: migrations, log: silent).status())
      }
    } catch let error as PostgresError where error.kind == .unavailable {
      return nil
    }
  }

  private func topologyLack() async throws -> Lack? {
    let topology = settings.topology
    do {
      return Lack(try await settings.withBroker { try topology.check(on: $0) }, of: topology)
    } catch let error as RabbitMQError where error.scope == .connection || error.isRetriable {
      return nil
    }
  }
}

/// Something that a process can't start without.
struct Lack: Equatable {
  /// With the remedy.
  let sentence: String
  /// Whether it may come without anybody noticing this process: a part is missing, the rest is there. Where nothing
  /// is there nobody has set it up yet, and what is declared otherwise stays so.
  let mayPass: Bool

  /// nil when every migration is applied.
  init?(_ migrations: [Migrator.Status]) {
    guard migrations.contains(where: { $0.appliedAt == nil }) else { return nil }
    sentence = "the database's schema is not up to date: run `crossdock migrate`"
    mayPass = migrations.contains { $0.appliedAt != nil }
  }

  /// nil when there is no drift.
  init?(_ drifts: [Drift], of topology: Topology) {
    guard let first = drifts.first(where: { !$0.isMissing }) ?? drifts.first else { return nil }
    sentence = first.description
    mayPass = first.isMissing && drifts.count < topology.exchanges.count + topology.queues.count
  }
}
