import Events
import Postgres
import TestServers
import Testing

/// Rule 5: a marketplace merges orders under a new id and tells nobody that the old ones are gone.
struct MergedOrderTests {
  private static let seed = SplitMix.seedOfThisRun

  private static func event(
    _ second: Int, _ order: String, _ lines: [String], _ status: OrderStatus = .new
  ) -> Event {
    Versions.event(
      second, order, status: status, lines: lines.map { Versions.line($0) }, platform: "allegro")
  }

  /// Two orders that become a third, which becomes one with a fourth.
  private static func versions(_ name: String) -> [Event] {
    [
      event(0, "\(name)A", ["\(name)a"]), event(1, "\(name)A", ["\(name)a", "\(name)a2"]),
      event(2, "\(name)B", ["\(name)b"]),
      event(3, "\(name)M", ["\(name)a", "\(name)a2", "\(name)b"]),
      event(4, "\(name)D", ["\(name)d"]),
      event(5, "\(name)N", ["\(name)a", "\(name)a2", "\(name)b", "\(name)d"]),
      event(6, "\(name)N", ["\(name)a", "\(name)a2", "\(name)b", "\(name)d"], .paid),
    ]
  }

  private static func expect(_ rounds: Int, in session: SyncSession) throws {
    let rows = try session.connection.query(
      "SELECT external_id, status, closed, merged_into FROM orders ORDER BY external_id COLLATE \"C\"")
    #expect(rows.count == rounds * 5)
    for row in rows {
      let (id, status) = (row.text(0), row.text(1))
      #expect(row.bool(2) == !id.hasSuffix("N") && status == (id.hasSuffix("N") ? "paid" : "cancelled"))
      #expect(row.isNull(3) == id.hasSuffix("N"), "\(id), seed \(seed)")
    }
  }

  @Test
  func `rule 5: in whatever order and batches they come, merged orders end closed and the last one open`()
    async throws
  {
    try await SyncSession.with { session in
      var random = SplitMix(seed: Self.seed)
      for round in 0..<60 {
        let versions = Self.versions("\(round)-").shuffled(using: &random)
        var rest = versions[...]
        while !rest.isEmpty {
          let count = Int.random(in: 1...4, using: &random)
          try session.run(Array(rest.prefix(count)))
          rest = rest.dropFirst(count)
        }
        // What is heard of them again changes nothing.
        try session.run([try #require(versions.first)])
      }
      try Self.expect(60, in: session)
    }
  }

  @Test func `rule 5: lanes that see the parts of a merge at the same time close them all`() async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 3) { database in
        try await database.withConnection { try SyncSession($0).register() }
        var random = SplitMix(seed: Self.seed)
        for round in 0..<20 {
          let versions = Self.versions("\(round)-").shuffled(using: &random)
          try await withThrowingTaskGroup(of: Void.self) { lanes in
            for lane in 0..<3 {
              let share = versions.enumerated().filter { $0.offset % 3 == lane }.map(\.element)
              lanes.addTask {
                try await database.withConnection { connection in
                  var session = try SyncSession(connection)
                  for version in share { try session.run([version]) }
                }
              }
            }
            try await lanes.waitForAll()
          }
        }
        try Self.expect(20, in: try SyncSession(.open(test.url, name: "tests")))
      }
    }
  }

  @Test func `an order that was merged into one which is only seen cancelled is closed all the same`()
    async throws
  {
    try await SyncSession.with { session in
      try session.run([Self.event(1, "A", ["a"])])
      try session.run([Self.event(5, "M", ["a"], .cancelled)])
      let rows = try session.connection.query("SELECT external_id, closed, merged_into FROM orders")
      #expect(rows.map { "\($0.text(0)) \($0.bool(1)) \($0.text(2))" } == ["A true M"])
    }
  }

  @Test func `orders of a marketplace that merges none may have lines of one name`() async throws {
    try await SyncSession.with { session in
      try session.run([Versions.event(1, "A"), Versions.event(2, "B")])
      #expect(try session.connection.query("SELECT FROM orders WHERE NOT closed").count == 2)
    }
  }
}
