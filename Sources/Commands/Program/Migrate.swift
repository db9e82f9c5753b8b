import ArgumentParser
import JSON
import Logging
import Postgres
import Schema
import Settings
import Time

/// `crossdock migrate`
struct Migrate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Brings the database's schema up to date.",
    discussion: """
      Applies what is missing, in order, under a lock: it may be run from many places at once.

      EXAMPLE
        crossdock migrate --status
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Option(help: ArgumentHelp("Stop after this migration.", valueName: "n")) var to: Int?
  @Flag(help: "Only say what is applied and what is not; exits 1 when something is missing.") var status =
    false

  func run() async throws {
    let migrations = try Migration.bundled()
    let target = to
    let showsStatus = status
    let log = Logger(label: "migrate") { _ in SwiftLogNoOpLogHandler() }
    let (applied, all) = try await settings.load().withDatabase { database in
      try await database.withConnection { connection in
        let migrator = Migrator(connection: connection, migrations: migrations, log: log)
        let applied = showsStatus ? [] : try migrator.migrate(to: target)
        return (applied, try migrator.status())
      }
    }
    if showsStatus { try show(all) } else { report(applied, of: all) }
  }

  private func show(_ all: [Migrator.Status]) throws {
    let json = JSON.array(all.map(\.json))
    format.print(json) {
      var table = Table(["MIGRATION", "NAME", "APPLIED"], rightAligned: [0])
      for one in all {
        let time = one.appliedAt?.description ?? "not yet"
        table.append([String(one.version), one.name, one.isKnown ? time : time + " by a newer release"])
      }
      return table.text
    }
    if all.contains(where: { $0.appliedAt == nil }) { throw Failure(.found, "") }
  }

  private func report(_ applied: [Migration], of all: [Migrator.Status]) {
    let json: JSON = [
      "applied": .array(applied.map { .string($0.label) }),
      "version": .integer(all.last { $0.appliedAt != nil }?.version ?? 0),
    ]
    format.print(json) {
      applied.isEmpty
        ? "the schema is up to date"
        : applied.map { "applied \($0.label)" }.joined(separator: "\n")
    }
  }
}

extension Migrator.Status {
  fileprivate var json: JSON {
    [
      "version": .integer(version), "name": .string(name), "applied_at": .time(appliedAt),
      "known": .bool(isKnown),
    ]
  }
}
