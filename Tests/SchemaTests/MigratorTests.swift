import Postgres
import Schema
import TestServers
import Testing

struct MigratorTests {
  static let first = Migration(
    version: 1, name: "first", sql: "CREATE TABLE a (x int); CREATE TABLE b (y int);")
  static let second = Migration(version: 2, name: "second", sql: "INSERT INTO a VALUES (1), (2);")
  static let broken = Migration(version: 2, name: "broken", sql: "CREATE TABLE c (z int); SELECT nothing;")

  static func base() throws -> Migration {
    try #require(try Migration.bundled().first { $0.version == 0 })
  }

  /// Runs `body` with a migrator of these migrations over an empty schema.
  static func withMigrator<T: Sendable>(
    _ migrations: [Migration], _ body: @escaping @Sendable (Migrator, Connection) throws -> T
  ) async throws -> T {
    try await TestDatabase.with(migrated: false) { test in
      try await test.withDatabase { database in
        try await database.withConnection { connection in
          try body(migrator(migrations, connection), connection)
        }
      }
    }
  }

  static func migrator(_ migrations: [Migration], _ connection: Connection) -> Migrator {
    Migrator(connection: connection, migrations: migrations, log: TestServers.silence)
  }

  @Test func `the migrations of this build apply to an empty schema, and a second run has nothing to do`()
    async throws
  {
    let all = try Migration.bundled()
    try await Self.withMigrator(all) { (migrator, connection) throws in
      #expect(try migrator.migrate() == all)
      #expect(try migrator.migrate() == [])
      #expect(try connection.query("SELECT count(*) FROM schema_migrations").first?.int(0) == all.count)
      #expect(try migrator.status().allSatisfy { $0.appliedAt != nil && $0.isKnown })
    }
  }

  @Test func `the numbers of the bundled migrations have no gap`() throws {
    #expect(try Migration.bundled().map(\.version) == Array(0..<Migration.bundled().count))
  }

  @Test func `a target stops the migration there, and an unknown one is refused`() async throws {
    let all = [try Self.base(), Self.first, Self.second]
    try await Self.withMigrator(all) { (migrator, connection) throws in
      #expect(try migrator.migrate(to: 1) == Array(all.prefix(2)))
      #expect(try migrator.status().last?.appliedAt == nil)
      #expect(throws: MigrationError.self) { try migrator.migrate(to: 9) }
      #expect(try migrator.migrate() == [Self.second])
      #expect(try connection.query("SELECT count(*) FROM a").first?.int(0) == 2)
    }
  }

  @Test func `a migration that fails leaves nothing behind and names itself`() async throws {
    try await Self.withMigrator([try Self.base(), Self.first, Self.broken]) { (migrator, connection) throws in
      let error = #expect(throws: MigrationError.self) { try migrator.migrate() }
      #expect(error?.description.contains("0002_broken") == true)
      #expect(try connection.query("SELECT to_regclass('c') IS NULL").first?.bool(0) == true)
      #expect(try connection.query("SELECT max(version) FROM schema_migrations").first?.int(0) == 1)
    }
  }

  @Test func `an applied file that was changed since is refused`() async throws {
    let base = try Self.base()
    try await Self.withMigrator([base, Self.first]) { (migrator, connection) throws in
      try migrator.migrate()
      let changed = Migration(version: 1, name: "first", sql: "CREATE TABLE a (x bigint);")
      let error = #expect(throws: MigrationError.self) {
        try Self.migrator([base, changed], connection).migrate()
      }
      #expect(error?.description.contains("0001_first") == true)
    }
  }

  @Test func `a migration of a newer release is shown and left alone`() async throws {
    let base = try Self.base()
    try await Self.withMigrator([base, Self.first]) { (migrator, connection) throws in
      try migrator.migrate()
      let older = Self.migrator([base], connection)
      #expect(try older.migrate() == [])
      #expect(try older.status().last?.isKnown == false)
    }
  }

  @Test func `many that migrate at once apply each migration once`() async throws {
    let all = [try Self.base(), Self.first, Self.second]
    try await TestDatabase.with(migrated: false) { test in
      try await test.withDatabase(connections: 6) { database in
        let applied = try await withThrowingTaskGroup(of: Int.self) { group in
          for _ in 0..<6 {
            group.addTask {
              try await database.withConnection { try Self.migrator(all, $0).migrate().count }
            }
          }
          return try await group.reduce(0, +)
        }
        #expect(applied == all.count)
      }
    }
  }

  @Test func `a search path without a schema is refused in one sentence`() async throws {
    let server = try TestServers.databaseURL
    let url = server + (server.contains("?") ? "&" : "?") + "options=-c%20search_path%3Dnowhere"
    let database = Database(url: url, connections: 1, name: "tests")
    await #expect(throws: MigrationError.self) {
      _ = try await database.withConnection { try Self.migrator([Self.first], $0).migrate() }
    }
    await database.shutdown()
  }
}
