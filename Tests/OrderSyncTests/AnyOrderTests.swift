import Events
import Postgres
import TestServers
import Testing

/// Promise 4: any order, any number of times, any interleaving over workers ends in the same state.
struct AnyOrderTests {
  private static let seed = UInt64.random(in: 0..<1_000_000)

  @Test
  func `random versions end as the greatest-version rule says, in whatever order and batches they come`()
    async throws
  {
    print("seed \(Self.seed)")
    try await SyncSession.with { session in
      var random = SeededRandom(seed: Self.seed)
      var expected: [String: SyncSession.Stored] = [:]
      for scenario in 0..<320 {
        let content = random
        for permutation in 0..<3 {
          // The same versions under another name, so that one table holds every order of their arrival.
          var same = content
          let versions = RandomVersions(named: "\(scenario)/\(permutation)", using: &same)
          for batch in versions.batches(using: &random) { try session.run(batch) }
          expected.merge(Prediction.orders(of: versions.events)) { $1 }
        }
      }
      let stored = try session.stored()
      let wrong = Set(stored.keys).union(expected.keys).filter { stored[$0] != expected[$0] }
      #expect(wrong.isEmpty, "seed \(Self.seed)")
      for name in wrong.sorted().prefix(3) {
        Issue.record(
          "\(name): \(stored[name]?.description ?? "nothing") but expected \(expected[name]?.description ?? "nothing")"
        )
      }
      let leftovers = try session.connection.query(
        "SELECT count(*) FROM skipped_orders s JOIN orders o USING (connection_id, external_id)")
      #expect(leftovers.first?.int(0) == 0)
    }
  }

  @Test func `lanes that work on the same orders at the same time end alike, and count each message once`()
    async throws
  {
    print("seed \(Self.seed)")
    var random = SeededRandom(seed: Self.seed)
    var events: [Event] = []
    for scenario in 0..<150 { events += RandomVersions(named: "\(scenario)", using: &random).events }
    let lanes = (0..<4).map { _ in
      (events.filter { _ in random.chance(60) } + events.filter { _ in random.chance(10) })
        .shuffled(using: &random)
    }
    let all = Set(lanes.joined())
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 4) { database in
        try await database.withConnection { try SyncSession($0).register() }
        try await withThrowingTaskGroup(of: Void.self) { group in
          for lane in lanes {
            group.addTask {
              try await database.withConnection { connection in
                var session = try SyncSession(connection)
                for start in stride(from: 0, to: lane.count, by: 25) {
                  try session.run(Array(lane[start..<min(start + 25, lane.count)]))
                }
              }
            }
          }
          try await group.waitForAll()
        }
        try await database.withConnection { connection in
          let session = try SyncSession(connection)
          #expect(try session.stored() == Prediction.orders(of: Array(all)), "seed \(Self.seed)")
          #expect(try session.statistics().reduce(0, +) == all.count)
        }
      }
    }
  }
}
