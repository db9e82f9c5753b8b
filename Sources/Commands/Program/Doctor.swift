import ArgumentParser
import Foundation
import JSON
import Logging
import Marketplaces
import Postgres
import RabbitMQ
import Schema
import Settings
import Topology

/// `crossdock doctor`
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks settings and servers; one line each, with the remedy.",
    discussion: """
      EXAMPLE
        crossdock doctor
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions

  func run() async throws {
    let settings = try settings.load()
    let findings = await Examination(settings: settings).findings()
    let json: JSON = [
      "settings": .array(
        settings.effective.map {
          ["name": .string($0.name), "value": .string($0.value), "origin": .string($0.origin)]
        }),
      "findings": .array(findings.map(\.json)),
    ]
    format.print(json) {
      var table = Table(["SETTING", "VALUE", "FROM"])
      for one in settings.effective { table.append([one.name, one.value, one.origin]) }
      return table.text + "\n\n" + findings.map(\.line).joined(separator: "\n")
    }
    if findings.contains(where: { $0.problem != nil }) { throw Failure(.found, "") }
  }
}

/// One thing that was looked at.
struct Finding: Sendable {
  var subject: String
  /// What was found when all is well.
  var detail = ""
  var problem: String?

  var line: String {
    problem.map { "FAIL  \(subject): \($0)" } ?? "ok    \(subject)\(detail.isEmpty ? "" : ": " + detail)"
  }

  var json: JSON {
    ["subject": .string(subject), "detail": .string(detail), "problem": .text(problem)]
  }
}

/// Looks at everything that a process needs.
struct Examination {
  let settings: Settings

  func findings() async -> [Finding] {
    [
      await database(), await schema(), await clock(), await broker(), await topology(), secretKey(),
      tokenSecret(),
    ]
  }

  private func finding(_ subject: String, _ look: () async throws -> String) async -> Finding {
    do {
      return Finding(subject: subject, detail: try await look())
    } catch {
      return Finding(subject: subject, problem: Failure(error)?.sentence ?? "\(error)")
    }
  }

  private func database() async -> Finding {
    await finding("Postgres") {
      let version = try await settings.withDatabase { database in
        try await database.withConnection { $0.serverVersion }
      }
      guard version >= 150_000 else {
        throw Failure(.found, "it is version \(version / 10_000): 15 or later is needed")
      }
      return "version \(version / 10_000).\(version % 10_000)"
    }
  }

  private func schema() async -> Finding {
    await finding("schema") {
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
    await finding("clock") {
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

  private func broker() async -> Finding {
    await finding("RabbitMQ") {
      try await settings.withBroker { "\($0.address)" }
    }
  }

  private func topology() async -> Finding {
    await finding("topology") {
      let topology = settings.topology
      let drifts = try await settings.withBroker { try topology.check(on: $0) }
      guard drifts.isEmpty else {
        throw Failure(.found, drifts.map(\.description).joined(separator: "; "))
      }
      return "\(topology.queues.count) queues of \(topology.namespace)"
    }
  }

  private func tokenSecret() -> Finding {
    let name = "API_JWT_SECRET"
    guard let secret = settings.tokenSecret else {
      if settings.tokenKeysFile != nil { return Finding(subject: name, detail: "not set; API_JWKS_FILE is") }
      return Finding(subject: name, problem: "not set: the API refuses everybody; give a long random text")
    }
    // RFC 7518, 3.2: the key of HS256 has 256 bits at least.
    guard secret.revealed.utf8.count >= 32 else {
      return Finding(subject: name, problem: "shorter than 32 bytes: tokens can be forged by trying")
    }
    return Finding(subject: name, detail: "set")
  }

  private func secretKey() -> Finding {
    do {
      return Finding(subject: "secret key", detail: "\(try settings.secretKeys().current)")
    } catch {
      return Finding(subject: "secret key", problem: Failure(error)?.sentence ?? "\(error)")
    }
  }
}
