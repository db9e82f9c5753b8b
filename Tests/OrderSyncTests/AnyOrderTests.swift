import Events
import Postgres
import TestServers
import Testing

/// Promise 4: any order, any number of times, any interleaving over workers ends in the same state.
struct AnyOrderTests {
  private static let seed = SplitMix.seedOfThisRun

  @Test
  func
    `rule 13: random versions end as the greatest-version rule says, in whatever order and batches they come`()
    async throws
  {
    try await SyncSession.with { session in
      var random = SplitMix(seed: Self.seed)
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

  @Test
  func `rule 12: lanes that work on the same orders at the same time end alike, and count each message once`()
    async throws
  {
    let seed = Self.seed
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 4) { database in
        try await database.withConnection { try SyncSession($0).register() }
        var random = SplitMix(seed: seed)
        var all: Set<Event> = []
        for round in 0..<300 {
          let versions = RandomVersions(named: "\(round)", using: &random)
          all.formUnion(versions.events)
          try await withThrowingTaskGroup(of: Void.self) { lanes in
            for lane in versions.shares(among: 4, using: &random) {
              lanes.addTask {
                try await database.withConnection { connection in
                  var session = try SyncSession(connection)
                  for batch in lane { try session.run(batch) }
                }
              }
            }
            try await lanes.waitForAll()
          }
        }
        let session = try SyncSession(.open(test.url, name: "tests"))
        let (stored, expected) = (try session.stored(), Prediction.orders(of: Array(all)))
        let wrong = Set(stored.keys).union(expected.keys).filter { stored[$0] != expected[$0] }
        #expect(wrong.isEmpty, "seed \(seed)")
        #expect(try session.statistics().reduce(0, +) == all.count, "seed \(seed)")
      }
    }
  }
}
