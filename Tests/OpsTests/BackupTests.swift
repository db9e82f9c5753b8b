import Commands
import Foundation
import Postgres
import TestServers
import Testing

/// A database of its own on the test server.
private struct ScratchDatabase {
  let url: String

  static func with<T: Sendable>(_ body: (ScratchDatabase) async throws -> T) async throws -> T {
    let server = try TestServers.databaseURL
    let name = TestServers.uniqueName("ops")
    let admin = Database(url: server, connections: 1, name: "tests")
    try await admin.withConnection { _ = try $0.query("CREATE DATABASE \(name)") }
    var parts = try #require(URLComponents(string: server))
    parts.path = "/" + name
    let scratch = ScratchDatabase(url: try #require(parts.string))
    let result: Result<T, any Error>
    do { result = .success(try await body(scratch)) } catch { result = .failure(error) }
    try await admin.withConnection { _ = try $0.query("DROP DATABASE \(name) WITH (FORCE)") }
    await admin.shutdown()
    return try result.get()
  }

  func migrate(_ arguments: String...) async -> Int32 {
    let surroundings = Surroundings(
      environment: ["DATABASE_URL": url], directory: "/nowhere", print: { _ in }, say: { _ in })
    return await Program.run(["migrate"] + arguments, in: surroundings)
  }

  /// Every table with the number of its rows and a digest of them.
  func content() throws -> [String: String] {
    let connection = try Connection.open(url, name: "tests")
    let tables = try connection.query(
      "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    ).map { $0.text(0) }
    var content: [String: String] = [:]
    for table in tables {
      let row = try connection.query(
        "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') FROM \(table) t"
      )
      content[table] = row.first?.text(0)
    }
    return content
  }

  func fill() throws {
    let connection = try Connection.open(url, name: "tests")
    try connection.query(
      """
      INSERT INTO platform_connections (user_id, platform, name, base_url, secrets)
      VALUES ('u', 'allegro', 'Żółw', 'http://localhost', '\\x00ff')
      """)
    try connection.query(
      """
      INSERT INTO orders (connection_id, external_id, status, closed, source_updated_at, observed_at, digest, buyer)
      SELECT id, 'o-' || n, 'new', false, now(), now(), n, '{"name": "Ż"}'
        FROM platform_connections, generate_series(1, 500) AS n
      """)
    try connection.query(
      """
      INSERT INTO stock_history (marketplace_stock_id, variation_id, marketplace_id, quantity_before,
                                 quantity_after, quantity_change, change_type, occurred_at)
      SELECT 1, 1, 1, n, n - 1, -1, 'order_created', now() FROM generate_series(1, 500) AS n
      """)
    try connection.query("INSERT INTO outbox (count, messages) VALUES (1, '\\xdeadbeef')")
  }
}

@Suite(.enabled(if: Tool.pgDump.isThere, "pg_dump is absent: install Debian's package postgresql-client"))
struct BackupTests {
  private static func backup(_ database: ScratchDatabase, _ arguments: String...) throws -> Tool.Outcome {
    try Tool.bash.run(["ops/backup"] + arguments, environment: ["DATABASE_URL": database.url])
  }

  private static func restore(_ file: String, into database: ScratchDatabase) throws -> Tool.Outcome {
    try Tool.bash.run(["ops/restore", file], environment: ["DATABASE_URL": database.url])
  }

  private static func dumps(in folder: URL) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".dump") }
  }

  @Test func `a backup of a database in use comes back whole, and its identities go on where they were`()
    async throws
  {
    try await withTemporaryFolder { folder in
      try await ScratchDatabase.with { source in
        #expect(await source.migrate() == 0)
        try source.fill()
        let before = try source.content()
        #expect(before["stock_history_default"]?.hasPrefix("500 ") == true || before.count > 20)
        // Somebody is in the middle of a transaction that the backup must neither wait for nor contain.
        let other = try Connection.open(source.url, name: "tests")
        try other.begin()
        try other.query("INSERT INTO variations (user_id, sku) VALUES ('u', 'unfinished')")
        let metrics = folder.appendingPathComponent("backup.prom").path
        let made = try Self.backup(source, "--to", folder.path, "--metrics", metrics)
        #expect(made.status == 0, "\(made.text)")
        try other.rollback()
        let file = try #require(made.text.split(separator: "\n").last.map(String.init))
        #expect(try String(contentsOfFile: metrics, encoding: .utf8).contains("crossdock_backup_completed"))

        try await ScratchDatabase.with { target in
          let restored = try Self.restore(file, into: target)
          #expect(restored.status == 0, "\(restored.text)")
          #expect(try target.content() == before)
          #expect(await target.migrate("--status") == 0)
          let id = try Connection.open(target.url, name: "tests").query(
            """
            INSERT INTO orders (connection_id, external_id, status, closed, source_updated_at, observed_at, digest)
            SELECT id, 'next', 'new', false, now(), now(), 1 FROM platform_connections RETURNING id
            """)
          #expect(id.first?.int(0) == 501)

          let again = try Self.restore(file, into: target)
          #expect(again.status == 1 && again.text.contains("tables already"))
        }
      }
    }
  }

  @Test
  func `a backup that can't be made leaves the earlier ones, and the oldest go when a new one is whole`()
    async throws
  {
    try await withTemporaryFolder { folder in
      let old = (1...3).map { folder.appendingPathComponent("crossdock-2020010\($0)T000000Z.dump") }
      for file in old { try Data("old".utf8).write(to: file) }
      let nowhere = ScratchDatabase(url: "postgresql://x:hush@127.0.0.1:1/x")
      let failed = try Self.backup(nowhere, "--to", folder.path, "--keep", "2")
      #expect(failed.status != 0 && !failed.text.contains("hush"))
      #expect(try Self.dumps(in: folder).count == 3)

      try await ScratchDatabase.with { source in
        let made = try Self.backup(source, "--to", folder.path, "--keep", "2")
        #expect(made.status == 0, "\(made.text)")
      }
      let left = try Self.dumps(in: folder)
      #expect(left.count == 2 && left.contains(old[2].lastPathComponent))
    }
  }

  @Test
  func `a role that owns nothing but the new database restores it, and isn't told of what it may not see`()
    async throws
  {
    try await withTemporaryFolder { folder in
      try await ScratchDatabase.with { source in
        #expect(await source.migrate() == 0)
        let made = try Self.backup(source, "--to", folder.path)
        let file = try #require(made.text.split(separator: "\n").last.map(String.init))
        try await ScratchDatabase.with { target in
          let role = TestServers.uniqueName("role")
          let admin = try Connection.open(target.url, name: "tests")
          try admin.query("CREATE ROLE \(role) LOGIN PASSWORD 'a b@c'")
          defer {
            _ = try? admin.query("DROP OWNED BY \(role)")
            _ = try? admin.query("DROP ROLE \(role)")
          }
          let name = try admin.query("SELECT current_database()")[0].text(0)
          try admin.query("ALTER DATABASE \(name) OWNER TO \(role)")
          var parts = try #require(URLComponents(string: target.url))
          (parts.user, parts.password) = (role, "a b@c")
          let own = ScratchDatabase(url: try #require(parts.string))
          let restored = try Self.restore(file, into: own)
          #expect(restored.status == 0 && !restored.text.contains("WARNING"), "\(restored.text)")
          #expect(await own.migrate("--status") == 0)
          try admin.query("ALTER DATABASE \(name) OWNER TO CURRENT_USER")
        }
      }
    }
  }

  @Test func `a file that was cut short is refused, and nothing of it stays`() async throws {
    try await withTemporaryFolder { folder in
      try await ScratchDatabase.with { source in
        try Connection.open(source.url, name: "tests").query(
          "CREATE TABLE a AS SELECT n, md5(n::text) FROM generate_series(1, 2000) AS n")
        let made = try Self.backup(source, "--to", folder.path)
        let file = try #require(made.text.split(separator: "\n").last.map(String.init))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        let short = folder.appendingPathComponent("short.dump")
        try bytes.prefix(bytes.count / 2).write(to: short)
        try await ScratchDatabase.with { target in
          let refused = try Self.restore(short.path, into: target)
          let left = try target.content()
          #expect(refused.status != 0 && left.isEmpty, "\(refused.text)")
        }
      }
    }
  }
}
