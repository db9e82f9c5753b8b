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
    let failure = try await SyncSession.with { session in
      var cases = 0
      let failure = try Arrivals.smallestFailure(of: 1_000, seed: Self.seed) { seed in
        var random = SplitMix(seed: ~seed)
        return Arrivals(of: Self.versions(seed, named: "").count, batch: 8, using: &random)
      } failure: { seed, arrivals in
        // The same versions under another name, so that one table holds all of them.
        cases += 1
        let versions = Self.versions(seed, named: "\(cases)")
        for batch in arrivals.batches { try session.run(batch.map { versions[$0] }) }
        let expected = Prediction.orders(of: arrivals.messages.map { versions[$0] })
        let stored = try session.stored(startingWith: "\(cases)-")
        guard let name = Set(stored.keys).union(expected.keys).first(where: { stored[$0] != expected[$0] })
        else { return nil }
        return
          "\(stored[name]?.description ?? "nothing") instead of \(expected[name]?.description ?? "nothing")"
      }
      let leftovers = try session.connection.query(
        "SELECT count(*) FROM skipped_orders s JOIN orders o USING (connection_id, external_id)")
      #expect(leftovers.first?.int(0) == 0)
      return failure
    }
    #expect(failure == nil)
  }

  private static func versions(_ seed: UInt64, named name: String) -> [Event] {
    var random = SplitMix(seed: seed)
    return RandomVersions(named: name, using: &random).events
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
