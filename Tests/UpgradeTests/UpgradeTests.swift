import Conversations
import Disputes
import Events
import Foundation
import JSON
import Lane
import Messaging
import OrderSync
import Postgres
import Schema
import StockLedger
import TestServers
import Testing
import Topology

/// This release and the one before run side by side during a rolling restart: either understands the other's events,
/// and both work on the newer schema.
struct UpgradeTests {
  let previous = EarlierRelease.previous

  @Test func `every type of event was recorded`() throws {
    #expect(
      Set(try previous.events().compactMap { $0["type"].text }) == Set(EventType.allCases.map(\.rawValue)))
  }

  @Test func `an event of the release before is understood whole`() throws {
    for recorded in try previous.events() {
      let event = try Event.decode(recorded.bytes)
      #expect(try JSON.parse(event.encode()) == recorded)
    }
  }

  @Test func `events of the release before have their effect`() async throws {
    let events = try previous.events().map { try Event.decode($0.bytes) }
    try await TestDatabase.with { test in
      let connection = try Connection.open(test.url, name: "tests")
      try connection.query(
        """
        INSERT INTO platform_connections (id, user_id, platform, marketplace_id, name, base_url)
        VALUES ($1, 'u-1', 'allegro', 7, 'main', 'http://localhost')
        """, [UUID(uuidString: events[0].connectionId)])
      var ledger = StockLedger(lowThreshold: 5, logger: TestServers.silence)
      var orders = OrderSync(allowedFinancialStatuses: ["paid", "pending"], logger: TestServers.silence)
      let templates = try Templates()
      var messaging = Messaging(templates: templates, maxAge: .seconds(100 * 365 * 86_400)) { _ in false }
      var disputes = Disputes(templates: templates) { _ in false }
      try Self.deliver(events, to: &ledger, on: connection)
      try Self.deliver(events, to: &orders, on: connection)
      try Self.deliver(events, to: &messaging, on: connection)
      try Self.deliver(events, to: &disputes, on: connection)

      func lines(_ sql: String) throws -> [String] { try connection.query(sql).map { $0.text(0) } }
      #expect(
        try lines(
          """
          SELECT v.sku || ' ' || s.on_hand || ' ' || s.listed_stock FROM marketplace_stock s
            JOIN variations v ON v.id = s.variation_id WHERE v.sku <> 'SKU-0008' ORDER BY 1
          """) == ["SKU-0001 8 8", "SKU-0002 4 4"])
      #expect(
        try lines("SELECT external_id || ' ' || status || ' ' || number FROM orders ORDER BY 1")
          == ["A shipped #1001", "B cancelled #1002"])
      #expect(
        try lines("SELECT DISTINCT sku || ' ' || quantity FROM order_entries WHERE kind = 'item' ORDER BY 1")
          == ["SKU-0001 2", "SKU-0002 1"])
      #expect(
        try lines("SELECT DISTINCT kind FROM messages WHERE external_order_id = 'A' ORDER BY 1")
          == ["dispute_notice", "order_confirmation", "payment_confirmation", "shipping_update"])
      #expect(try lines("SELECT reason FROM disputes") == ["broken & late"])
    }
  }

  /// Those that the topology routes to the consumer, as one batch.
  private static func deliver<C: Consumer>(
    _ events: [Event], to consumer: inout C, on connection: Connection
  ) throws where C.Message == Event {
    let topology = Topology()
    let routed = events.filter { topology.queues(forEvent: $0.routingKey).contains(consumer.queue) }
    #expect(!routed.isEmpty)
    #expect(try LaneTransaction.run(&consumer, routed, on: connection).isEmpty)
  }

  @Test func `the statements of the release before work on this schema`() async throws {
    let statements = try previous.statements()
    #expect(statements.count > 50)
    try await TestDatabase.with { test in
      let connection = try Connection.open(test.url, name: "tests")
      for statement in statements {
        #expect(throws: Never.self, "\(statement)") { try connection.query(statement) }
      }
    }
  }

  @Test func `a database in use keeps its rows when it is migrated, and an open session goes on`()
    async throws
  {
    let migrations = try Migration.bundled()
    let behind = try #require(migrations.dropLast().last).version
    try await TestDatabase.with(migrated: false) { test in
      let old = try Connection.open(test.url, name: "tests")
      let migrator = Migrator(connection: old, migrations: migrations, log: TestServers.silence)
      try migrator.migrate(to: previous.schema)
      for statement in try previous.rows() { try old.query(statement) }
      try migrator.migrate(to: max(behind, previous.schema))
      let columns = try Self.columns(old)
      let before = try Self.content(columns, old)
      #expect(before.values.count { !$0.hasPrefix("0 ") } > 10)

      let new = try Connection.open(test.url, name: "tests")
      try Migrator(connection: new, migrations: migrations, log: TestServers.silence).migrate()
      #expect(try Self.content(columns, new) == before)
      // The session of before has the same statements prepared, and they still run.
      #expect(try Self.content(columns, old) == before)
    }
  }

  /// The columns of every table that holds rows itself.
  private static func columns(_ connection: Connection) throws -> [String: [String]] {
    let rows = try connection.query(
      """
      SELECT c.oid::regclass::text, quote_ident(a.attname)
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = current_schema()::regnamespace
         AND c.relname <> 'schema_migrations'
       ORDER BY c.oid, a.attnum
      """)
    return Dictionary(grouping: rows.map { ($0.text(0), $0.text(1)) }, by: \.0).mapValues { $0.map(\.1) }
  }

  /// For each table the number of its rows and a digest of these columns.
  private static func content(
    _ columns: [String: [String]], _ connection: Connection
  ) throws -> [String: String] {
    try columns.reduce(into: [:]) { content, table in
      let row = "ROW(\(table.value.joined(separator: ", ")))::text"
      content[table.key] = try connection.query(
        "SELECT count(*) || ' ' || coalesce(md5(string_agg(\(row), '|' ORDER BY \(row))), '') FROM \(table.key)"
      ).first?.text(0)
    }
  }
}
