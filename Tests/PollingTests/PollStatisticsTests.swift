import Lane
import Marketplaces
import NIOConcurrencyHelpers
import Polling
import Postgres
import TestServers
import Testing
import Time

struct PollStatisticsTests {
  @Test func `the rate of success is that of the requirements`() {
    var statistics = PollStatistics()
    #expect(statistics.successRate == 100)
    statistics.alreadySynced = 1_100
    statistics.newlySynced = 120
    statistics.updated = 25
    statistics.syncErrors = 2
    #expect(statistics.totalPolled == 1_247 && statistics.successRate == 98.6)
    statistics.syncErrors = 145
    #expect(statistics.successRate == 50)
  }

  @Test func `what is polled again counts as known, and failed polls by their class`() async throws {
    try await Shop.with(Journal(events: 30)) { shop in
      #expect(await shop.handle(shop.job(.orderEvents)) == .ack)
      try await shop.run("UPDATE feeds SET cursor = 'e-10'")
      #expect(await shop.handle(shop.job(.orderEvents, slot: "2")) == .ack)
      shop.journal.state.withLockedValue { $0.failures = [.unauthorised("no"), .unauthorised("no")] }
      #expect(await shop.handle(shop.job(.orderEvents, slot: "3")) == .ack)
      #expect(await shop.handle(shop.job(.orders, slot: "4")) == .ack)
      #expect(await shop.handle(shop.job(.listings, slot: "5")) == .ack)
      let mine = try await shop.statistics(of: "u")
      #expect(mine.alreadySynced == 20 && mine.newlySynced == 0 && mine.syncErrors == 0)
      #expect(mine.errors == ["unauthorised": 2])
      #expect(mine.lastPollTime != nil)
      #expect(try await shop.statistics(of: "somebody else") == PollStatistics())
      #expect(try await shop.statistics(of: nil) == mine)
    }
  }

  @Test func `failed orders count by their class, and a reset begins anew for its user alone`() async throws {
    try await Shop.with { shop in
      try await shop.run(
        """
        INSERT INTO event_failures (message_id, queue, connection_id, error_class, error, attempts)
        SELECT q || n, q, $1, 'bad_data', 'x', 1
          FROM generate_series(1, 3) AS n, unnest(ARRAY['order-sync', 'messaging']) AS q
        """, [shop.account.id])
      try await shop.run(
        "INSERT INTO order_statistics (connection_id, created, updated, cancelled, known) VALUES ($1, 4, 3, 2, 7)",
        [shop.account.id])
      let before = try await shop.statistics(of: "u")
      #expect(before.syncErrors == 3 && before.errors == ["bad_data": 3])
      #expect(before.newlySynced == 4 && before.updated == 5 && before.successRate == 75)
      try await shop.database.transaction { try PollStatistics.reset(ofUser: "other", on: $0) }
      #expect(try await shop.statistics(of: "u") == before)
      try await shop.database.transaction { try PollStatistics.reset(ofUser: "u", on: $0) }
      #expect(try await shop.statistics(of: "u").totalPolled == 0)
    }
  }

  @Test func `what is set at run time goes before the environment`() {
    let environment = Shop.settings
    var config = PollConfig()
    #expect(environment.overridden(by: config) == environment)
    config.intervalMinutes = 3
    config.batchSize = 7
    let changed = environment.overridden(by: config)
    #expect(changed.schedules[.orders] == .every(.seconds(180)) && changed.batchSize == 7)
    #expect(changed.schedules[.orderEvents] == environment.schedules[.orderEvents])
    config.isEnabled = false
    let off = environment.overridden(by: config)
    #expect(off.schedules[.orders] == nil)
    config.isEnabled = true
    #expect(off.overridden(by: config).schedules[.orders] == .every(.seconds(180)))
  }

  @Test func `a run that somebody waits for knows its orders, and ends also when it is refused`() async throws
  {
    try await Shop.with(Journal(events: 3)) { shop in
      var job = shop.job(.orderEvents, .manual)
      job.runId = try await shop.announce(job)
      #expect(await shop.handle(job) == .ack)
      #expect(try await shop.count("SELECT count(*) FROM poll_run_orders WHERE outcome IS NULL") == 3)
      var late = shop.job(.orderEvents, .manual, slot: "late", expiresIn: .seconds(-1))
      late.runId = try await shop.announce(late)
      #expect(await shop.handle(late) == .ack)
      #expect(try await shop.count("SELECT count(*) FROM poll_runs WHERE finished_at IS NULL") == 0)
    }
  }
}

extension Shop {
  fileprivate func statistics(of user: String?) async throws -> PollStatistics {
    try await database.withConnection { try PollStatistics.read(ofUser: user, on: $0) }
  }

  fileprivate func announce(_ job: PollJob) async throws -> Int64 {
    try await database.withConnection { try PollRuns().announce(job, on: $0) }
  }
}
