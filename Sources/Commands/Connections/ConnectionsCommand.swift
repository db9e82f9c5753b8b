import ArgumentParser
import AsyncHTTPClient
import Events
import Foundation
import JSON
import Logging
import Marketplaces
import Settings

/// `crossdock connections`
struct ConnectionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connections",
    abstract: "The marketplace accounts.",
    discussion: """
      EXAMPLE
        crossdock connections list
      """,
    subcommands: [
      ConnectionsAdd.self, ConnectionsAuthorize.self, ConnectionsList.self, ConnectionsShow.self,
      ConnectionsTest.self, ConnectionsEnable.self, ConnectionsDisable.self, ConnectionsRemove.self,
      ConnectionsRules.self, ConnectionsShadow.self,
      ConnectionsRotateSecret.self, ConnectionsRotateKey.self,
    ])
}

/// Runs `body` with the store of connections.
func withConnections<T: Sendable>(
  _ settings: Settings, _ body: (ConnectionStore) async throws -> T
) async throws -> T {
  let keys = try settings.secretKeys()
  return try await settings.withDatabase { database in
    try await body(ConnectionStore(database: database, keys: keys))
  }
}

/// Runs `body` with what is needed to call the accounts' marketplaces; only their answers are told of.
func withAccounts<T: Sendable>(
  _ settings: Settings, _ body: (MarketplaceAccess) async throws -> T
) async throws -> T {
  try await settings.withDatabase { database in
    let silent = Logger(label: "accounts") { _ in SwiftLogNoOpLogHandler() }
    let access = try MarketplaceAccess(settings: settings, database: database, logger: silent)
    do {
      let value = try await body(access)
      try? await access.http.shutdown()
      return value
    } catch {
      try? await access.http.shutdown()
      throw error
    }
  }
}

extension ConnectionStore {
  /// The connection of that id, or the only one of that name.
  func named(_ text: String) async throws -> MarketplaceConnection {
    if let id = UUID(uuidString: text) {
      guard let connection = try await find(id) else {
        throw Failure(.found, "there is no connection \(text): `crossdock connections list` shows all")
      }
      return connection
    }
    let named = try await list().filter { $0.name == text }
    guard let only = named.first, named.count == 1 else {
      let what = named.isEmpty ? "no connection is" : "\(named.count) connections are"
      throw Failure(.found, "\(what) called '\(text)': give the id that `crossdock connections list` shows")
    }
    return only
  }
}

extension Secrets {
  /// The JSON object of a file, or of standard input for `-`.
  init(fromFileOrInput path: String) throws {
    let bytes: [UInt8]
    if path == "-" {
      bytes = Surroundings.current.input()
    } else {
      guard let data = FileManager.default.contents(atPath: path) else {
        throw Failure(.usage, "the secrets file '\(path)' can't be read")
      }
      bytes = Array(data)
    }
    guard let secrets = Secrets(bytes: bytes) else {
      throw Failure(.usage, "the secrets are not a JSON object such as {\"client_id\": \"…\"}")
    }
    self = secrets
  }

  /// Warns of what looks like a mistake in the credentials that a platform's connection would then have; `given` are those
  /// that the person brings. They are taken all the same: an account may have what nobody here knows of.
  func warn(given: Secrets, for platform: Platform) {
    let form = platform.credentials
    if let member = form.unknownMember(of: given) {
      say(
        "\(platform.rawValue)'s secrets have no member '\(member)', it has no effect: there are \(form.text)")
    }
    if let member = form.missingMember(of: self) {
      say(
        "the secrets lack '\(member)', so \(platform.rawValue) can't be called yet: "
          + "`crossdock connections rotate-secret` brings it")
    }
  }
}

extension MarketplaceConnection {
  /// As programs see it; never with secrets.
  var json: JSON {
    [
      "id": .string(key), "user_id": .string(userId), "platform": .string(platform.rawValue),
      "marketplace_id": .integer(marketplaceId), "name": .string(name), "base_url": .string(baseURL),
      "dialect": .string(dialect.rawValue), "mode": .string(mode.rawValue), "start": .string(start.text),
      "sync_rules": syncRules, "realtime_enabled": .bool(realtimeEnabled),
      "status": .string(isEnabled ? "enabled" : "disabled"), "created_at": .time(createdAt),
      "updated_at": .time(updatedAt),
    ]
  }
}
