package import Logging
package import Postgres
package import Time

/// Brings the schema that the connection's `search_path` names first up to date.
///
/// Any number may run at once: a session's advisory lock, one per schema, lets one work while the others wait
/// and then find nothing to do. Each migration commits together with its row in `schema_migrations`.
package struct Migrator {
  private let connection: Connection
  private let migrations: [Migration]
  private let log: Logger

  package init(connection: Connection, migrations: [Migration], log: Logger) {
    self.connection = connection
    self.migrations = migrations
    self.log = log
  }

  /// A migration as this database knows it.
  package struct Status: Sendable, Equatable {
    package var version: Int
    package var name: String
    /// nil: not applied yet.
    package var appliedAt: Timestamp?
    /// False for one that a newer release has applied.
    package var isKnown: Bool
  }

  /// Applies what is missing, up to `target` or the end, and answers what it has applied.
  @discardableResult
  package func migrate(to target: Int? = nil) throws -> [Migration] {
    if let target, !migrations.contains(where: { $0.version == target }) {
      throw MigrationError(
        "there is no migration \(target): the last one is \(migrations.last?.version ?? 0)")
    }
    try lock()
    defer { unlock() }
    let applied = try readApplied()
    try refuseChanges(in: applied)
    let known = Set(applied.map(\.version))
    let missing = migrations.filter { !known.contains($0.version) && $0.version <= target ?? .max }
    for migration in missing { try apply(migration) }
    return missing
  }

  /// Every migration of this build and of this database, in order.
  package func status() throws -> [Status] {
    let applied = try readApplied()
    try refuseChanges(in: applied)
    let known = Set(migrations.map(\.version))
    let times = Dictionary(uniqueKeysWithValues: applied.map { ($0.version, $0.appliedAt) })
    let own = migrations.map {
      Status(version: $0.version, name: $0.name, appliedAt: times[$0.version], isKnown: true)
    }
    let foreign = applied.filter { !known.contains($0.version) }
      .map { Status(version: $0.version, name: $0.name, appliedAt: $0.appliedAt, isKnown: false) }
    return (own + foreign).sorted { $0.version < $1.version }
  }

  // MARK: Steps

  private static let lockKey =
    "hashtextextended('crossdock migrations of ' || quote_ident(current_schema()), 0)"

  /// Waits as long as it takes: whoever holds the lock is migrating.
  private func lock() throws {
    let schema = try connection.query("SELECT current_schema()").first?.optionalText(0)
    guard schema != nil else {
      throw MigrationError("the search_path of DATABASE_URL names no existing schema: create it first")
    }
    try connection.query("SET lock_timeout = 0")
    try connection.query("SELECT pg_advisory_lock(\(Self.lockKey))")
    try connection.query("SET lock_timeout = '5s'")
  }

  /// A session that is gone has lost its lock anyway.
  private func unlock() {
    _ = try? connection.query("SELECT pg_advisory_unlock(\(Self.lockKey))")
  }

  private struct Applied {
    var version: Int
    var name: String
    var checksum: String
    var appliedAt: Timestamp
  }

  private func readApplied() throws -> [Applied] {
    let exists = try connection.query(
      "SELECT to_regclass(quote_ident(current_schema()) || '.schema_migrations') IS NOT NULL")
    guard exists.first?.bool(0) == true else { return [] }
    return try connection.query(
      "SELECT version, name, checksum, applied_at FROM schema_migrations ORDER BY version"
    ).map { Applied(version: $0.int(0), name: $0.text(1), checksum: $0.text(2), appliedAt: $0.timestamp(3)) }
  }

  private func refuseChanges(in applied: [Applied]) throws {
    let checksums = Dictionary(uniqueKeysWithValues: applied.map { ($0.version, $0.checksum) })
    for migration in migrations {
      guard let checksum = checksums[migration.version], checksum != migration.checksum else { continue }
      throw MigrationError(
        "the file of migration \(migration.label) was changed after it had been applied to this database: "
          + "restore it and put the change into a new migration")
    }
  }

  private func apply(_ migration: Migration) throws {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      try connection.transaction { connection in
        try connection.query("SELECT set_config('crossdock.migration', $1, true)", [migration.sql])
        try connection.query("DO $$ BEGIN EXECUTE current_setting('crossdock.migration'); END $$")
        try connection.query(
          """
          INSERT INTO schema_migrations (version, name, checksum, duration)
          VALUES ($1, $2, $3, make_interval(secs => $4))
          """,
          [Int32(migration.version), migration.name, migration.checksum, (clock.now - start) / .seconds(1)])
      }
    } catch let error as PostgresError where error.kind != .unavailable {
      throw MigrationError("migration \(migration.label) was rolled back: \(error.message)")
    }
    log.info("migration applied", metadata: ["migration": "\(migration.label)"])
  }
}
