import Foundation
import Logging
import Marketplaces
import Postgres
import RabbitMQ
import Schema
import Settings
import Topology

/// Looks at everything that a process needs.
struct Examination {
  let settings: Settings

  func findings() async -> [Finding] {
    var findings = [await database(), await durability(), await schema(), await clock()]
    findings += await broker()
    findings += [await topology(), secretKey()]
    return findings + (await accounts())
  }

  // MARK: Postgres

  private func database() async -> Finding {
    await Finding.of("Postgres") {
      let version = try await settings.withDatabase { database in
        try await database.withConnection { $0.serverVersion }
      }
      guard version >= 150_000 else {
        throw Failure(.found, "it is version \(version / 10_000): 15 or later is needed")
      }
      return "version \(version / 10_000).\(version % 10_000)"
    }
  }

  /// Whether what was acked outlives a crash, and a failover where there are standbys (Rule 35).
  private func durability() async -> Finding {
    await Finding.of("durability") {
      let row = try await settings.withDatabase { database in
        try await database.withConnection { connection in
          try connection.query(
            """
            SELECT current_setting('fsync'), current_setting('full_page_writes'),
                   current_setting('synchronous_commit'), current_setting('synchronous_standby_names'),
                   (SELECT count(*) FROM pg_stat_replication)
            """
          ).first.map { row in ((0..<4).map { row.text($0) }, row.int(4)) }
        }
      }
      guard let (values, standbys) = row else { return "" }
      guard values[0] == "on", values[1] == "on" else {
        throw Failure(.found, "fsync or full_page_writes is off, a crash loses effects: set both to on")
      }
      guard values[2] != "off" else {
        throw Failure(.found, "synchronous_commit is off, a crash loses what was acked: set it to on")
      }
      guard standbys == 0 || !values[3].isEmpty else {
        throw Failure(
          .found,
          "there are standbys, but none is synchronous, a failover loses what was acked: set "
            + "synchronous_standby_names = 'ANY 1 (*)'")
      }
      return standbys == 0 ? "on one server, without a standby" : "\(standbys) standbys, synchronous"
    }
  }

  private func schema() async -> Finding {
    await Finding.of("schema") {
      let migrations = try Migration.bundled()
      let silent = Logger(label: "migrate") { _ in SwiftLogNoOpLogHandler() }
      let missing = try await settings.withDatabase { database in
        try await database.withConnection { connection in
          try Migrator(connection: connection, migrations: migrations, log: silent).status()
            .count { $0.appliedAt == nil }
        }
      }
      guard missing == 0 else {
        throw Failure(.found, "\(missing) migrations are missing: run `crossdock migrate`")
      }
      return "up to date"
    }
  }

  private func clock() async -> Finding {
    await Finding.of("clock") {
      let before = Date().timeIntervalSince1970
      let server = try await settings.withDatabase { database in
        try await database.withConnection {
          try $0.query("SELECT extract(epoch FROM clock_timestamp())::double precision").first?.double(0) ?? 0
        }
      }
      let after = Date().timeIntervalSince1970
      let skew = server < before ? before - server : server > after ? server - after : 0
      guard skew < 2 else {
        throw Failure(.found, "it is \(Int(skew)) s away from the database's: synchronise both by NTP")
      }
      return "within 2 s of the database's"
    }
  }

  // MARK: Topology and key

  private func topology() async -> Finding {
    await Finding.of("topology") {
      let topology = settings.topology
      let drifts = try await settings.withBroker { try topology.check(on: $0) }
      guard drifts.isEmpty else {
        throw Failure(.found, drifts.map(\.description).joined(separator: "; "))
      }
      return "\(topology.queues.count) queues of \(topology.namespace)"
    }
  }

  private func secretKey() -> Finding {
    do {
      return Finding(subject: "secret key", state: .fine("\(try settings.secretKeys().current)"))
    } catch {
      return Finding(subject: "secret key", state: .problem(Failure(error)?.sentence ?? "\(error)"))
    }
  }
}
