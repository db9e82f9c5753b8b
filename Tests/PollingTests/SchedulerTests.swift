import Events
import Lane
import Marketplaces
import Polling
import Postgres
import TestServers
import Testing
import Time

@Suite struct SchedulerTests {
  func scheduler(_ shop: Shop) -> Scheduler {
    let feeds = shop.journal.features.feeds
    return Scheduler(
      database: shop.database, logger: TestServers.silence, feeds: { _ in feeds }, settings: { Shop.settings }
    )
  }

  @Test func `eight schedulers at once fire a feed once`() async throws {
    try await Shop.with { (shop: Shop) async throws in
      let fired = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 1...8 { group.addTask { try await scheduler(shop).tick() ?? 0 } }
        return try await group.reduce(0, +)
      }
      #expect(fired == 1)
      #expect(try await shop.publishedJobs().map(\.feed) == [.listings])
      #expect(try await scheduler(shop).tick() == 0)
    }
  }

  @Test func `when another holds the lock nothing is fired, and when it is gone the next tick leads`()
    async throws
  {
    try await Shop.with { (shop: Shop) async throws in
      try await shop.test.withDatabase { leader in
        try await leader.withConnection {
          _ = try $0.query(
            "SELECT pg_advisory_lock(hashtextextended('crossdock scheduler of ' || current_schema(), 0))")
        }
        #expect(try await scheduler(shop).tick() == nil)
      }
      // The leader's connection is closed now; the server may need a moment to notice.
      while try await scheduler(shop).tick() == nil { await Task.yield() }
      #expect(try await shop.publishedJobs().count == 1)
    }
  }

  @Test func `the jobs that are fired can be done, and the feed is free again`() async throws {
    try await Shop.with(Journal(events: 3, listings: 2)) { (shop: Shop) async throws in
      _ = try await scheduler(shop).tick()
      for _ in 1...2 {
        for job in try await shop.publishedJobs() {
          #expect(await shop.worker().handle(Job(messageId: job.messageId, body: job.encode())) == .ack)
        }
        _ = try await scheduler(shop).tick()
      }
      #expect(Set(try await shop.publishedJobs().map(\.feed)) == [.listings, .orderEvents, .orders])
      #expect(try await shop.publishedEvents().count == 5)
      #expect(try await shop.feed("job_expires_at", .orderEvents) == nil)
      #expect(try await shop.feed("next_due_at", .orderEvents) != nil)
    }
  }

  @Test func `a disabled connection is left alone`() async throws {
    try await Shop.with { (shop: Shop) async throws in
      _ = try await shop.store.setEnabled(false, of: shop.account.id)
      #expect(try await scheduler(shop).tick() == 0)
    }
  }
}
