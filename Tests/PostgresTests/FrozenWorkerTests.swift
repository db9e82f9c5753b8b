import Postgres
import TestServers
import Testing

struct FrozenWorkerTests {
  private func withRow(_ body: @escaping @Sendable (String) throws -> Void) async throws {
    try await TestDatabase.with(migrated: false) { test in
      let connection = try Connection.open(test.url, name: "tests")
      try connection.query("CREATE TABLE stock (quantity int)")
      try connection.query("INSERT INTO stock VALUES (5)")
      try body(test.url)
    }
  }

  private func sell(_ quantity: Int, on connection: Connection) throws -> Int? {
    try connection.query("UPDATE stock SET quantity = quantity - $1 RETURNING quantity::bigint", [quantity])
      .first?.int(0)
  }

  @Test func `rule 18: a worker that freezes in a transaction loses its session, and the row is free`()
    async throws
  {
    try await withRow { url in
      let frozen = try Connection.open(
        url, name: "tests", settings: ["idle_in_transaction_session_timeout": "100ms"])
      try frozen.begin()
      #expect(try sell(1, on: frozen) == 4)
      let other = try Connection.open(url, name: "tests")
      #expect(try sell(2, on: other) == 3)
      let error = #expect(throws: PostgresError.self) { try frozen.commit() }
      #expect(error?.kind == .unavailable)
      #expect(!frozen.isAlive)
    }
  }

  @Test func `rule 18: who waits too long for a row gives up, and can run again`() async throws {
    try await withRow { url in
      let holder = try Connection.open(url, name: "tests")
      try holder.begin()
      #expect(try sell(1, on: holder) == 4)
      let other = try Connection.open(url, name: "tests", settings: ["lock_timeout": "50ms"])
      try other.begin()
      let error = #expect(throws: PostgresError.self) { try sell(2, on: other) }
      #expect(error?.kind == .aborted && error?.sqlState == "55P03")
      try other.rollback()
      try holder.commit()
      #expect(try other.transaction { try sell(2, on: $0) } == 2)
    }
  }

  @Test func `rule 18: every session has both limits`() async throws {
    try await withRow { url in
      let connection = try Connection.open(url, name: "tests")
      let limits = try connection.query(
        """
        SELECT current_setting('idle_in_transaction_session_timeout'), current_setting('lock_timeout')
        """
      ).first
      #expect(limits?.text(0) == "10s" && limits?.text(1) == "5s")
    }
  }

  @Test func `rule 16: what the database aborted is run again, what it is away for is waited for`() {
    let kinds = ["40001", "40P01", "55P03", "57014"].map(PostgresError.kind(ofSQLState:))
    #expect(kinds.allSatisfy { $0 == .aborted })
    let away = ["57P01", "57P03", "08006", "53300", "53100", "25006", "58030"]
    #expect(away.map(PostgresError.kind(ofSQLState:)).allSatisfy { $0 == .unavailable })
    #expect(["23505", "22003"].map(PostgresError.kind(ofSQLState:)).allSatisfy { $0 == .data })
    #expect(PostgresError.kind(ofSQLState: "42601") == .other)
  }
}
