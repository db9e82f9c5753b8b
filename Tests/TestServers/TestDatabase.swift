package import Postgres
import Schema

/// A schema of its own in the test server's database, dropped when the test is over.
package struct TestDatabase: Sendable {
  /// Connection string whose `search_path` is that schema.
  package let url: String
  package let schema: String

  /// Runs `body` with a fresh schema, migrated unless told otherwise; `DATABASE_URL` names the server
  /// (`ops/test` sets it).
  package static func with<T: Sendable>(
    migrated: Bool = true, _ body: @Sendable (TestDatabase) async throws -> T
  ) async throws -> T {
    let server = try TestServers.databaseURL
    let schema = TestServers.uniqueName("t")
    let test = TestDatabase(url: withSearchPath(server, schema), schema: schema)
    let database = Database(url: server, connections: 1, name: "tests")
    try await database.withConnection { _ = try $0.query("CREATE SCHEMA \(schema)") }
    let result: Result<T, any Error>
    do {
      if migrated { try await test.migrate() }
      result = .success(try await body(test))
    } catch {
      result = .failure(error)
    }
    try await database.withConnection { connection in
      try connection.query("SET client_min_messages = error")
      _ = try connection.query("DROP SCHEMA \(schema) CASCADE")
    }
    await database.shutdown()
    return try result.get()
  }

  private func migrate() async throws {
    try await withDatabase { database in try await database.withConnection { try Self.migrate($0) } }
  }

  /// Applies all migrations.
  package static func migrate(_ connection: Connection) throws {
    _ = try Migrator(connection: connection, migrations: try Migration.bundled(), log: TestServers.silence)
      .migrate()
  }

  /// Runs `body` with a pool on the schema, which is shut down afterwards.
  package func withDatabase<T: Sendable>(
    connections: Int = 1, _ body: @Sendable (Database) async throws -> T
  ) async throws -> T {
    let database = Database(url: url, connections: connections, name: "tests")
    let result: Result<T, any Error>
    do { result = .success(try await body(database)) } catch { result = .failure(error) }
    await database.shutdown()
    return try result.get()
  }

  private static func withSearchPath(_ url: String, _ schema: String) -> String {
    guard url.contains("://") else { return url + " options='-c search_path=\(schema)'" }
    return url + (url.contains("?") ? "&" : "?") + "options=-c%20search_path%3D\(schema)"
  }
}
