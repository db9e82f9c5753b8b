import Lane
import Marketplaces
import NIOConcurrencyHelpers
import Polling
import Postgres
import TestServers
import Testing
import Time

/// Webhooks that only name what has changed.
struct NamedReadsTests {
  @Test func `a storm of webhooks about few listings costs one reading of each`() async throws {
    try await Shop.with(Journal(listings: 3)) { (shop: Shop) async throws in
      var jobs: [PollJob] = []
      for number in 0..<100 { jobs += try await shop.name(.listing("l-\(number % 3)")) }
      #expect(jobs.count == 100)
      for job in jobs { #expect(await shop.handle(job) == .ack) }
      #expect(shop.readings == ["l-0", "l-1", "l-2"])
      #expect(try await shop.publishedEvents().count == 3)
      #expect(try await shop.count("SELECT count(*) FROM named_reads") == 0)
    }
  }

  @Test func `a transaction of many webhooks asks for one job`() async throws {
    try await Shop.with { (shop: Shop) async throws in
      let names = (0..<200).map { WebhookSubject.listing("l-\($0)") } + [.order("o-1"), .order("o-2")]
      let jobs = try await shop.name(names)
      #expect(jobs.map(\.feed.rawValue).sorted() == ["listings", "orders"])
      #expect(jobs.map(\.readsNamed) == [true, true])
      let received = try jobs.map { try PollJob.decode($0.encode()) }
      #expect(received == jobs)
    }
  }

  @Test func `what is named while it is being read is read again, by the job that reads`() async throws {
    try await Shop.with(Journal(listings: 1)) { (shop: Shop) async throws in
      let first = try #require(try await shop.name(.listing("l-0")).first)
      shop.beforeReading { [shop] _ in
        shop.beforeReading(nil)
        // The second webhook finds the reader at work, and its job has nothing to do.
        do {
          for second in try await shop.name(.listing("l-0")) {
            let disposition = await shop.handle(second)
            #expect(disposition == .ack)
          }
        } catch {
          Issue.record(error)
        }
        #expect(shop.readings == ["l-0"])
      }
      #expect(await shop.handle(first) == .ack)
      #expect(shop.readings == ["l-0", "l-0"])
      #expect(try await shop.count("SELECT count(*) FROM named_reads") == 0)
    }
  }

  @Test func `one that spoils the answer for all is left out, and the others are kept`() async throws {
    try await Shop.with(Journal(listings: 3)) { (shop: Shop) async throws in
      let jobs = try await shop.name([.listing("l-0"), .listing("l-1"), .listing("l-2"), .listing("gone")])
      shop.beforeReading { id throws(MarketplaceError) in
        if id == "l-1" { throw .malformed("HTML") }
      }
      #expect(await shop.handle(try #require(jobs.first)) == .ack)
      #expect(try await shop.publishedEvents().count == 2)
      #expect(try await shop.count("SELECT count(*) FROM named_reads") == 0)
    }
  }

  @Test func `a job that is put off keeps its turn for a moment, then the next webhook's may try`()
    async throws
  {
    try await Shop.with(Journal(listings: 1)) { (shop: Shop) async throws in
      let first = try #require(try await shop.name(.listing("l-0")).first)
      shop.beforeReading { _ throws(MarketplaceError) in throw .rateLimited(retryAfter: .seconds(60)) }
      guard case .delay = await shop.handle(first) else {
        Issue.record("not put off")
        return
      }
      let second = try #require(try await shop.name(.listing("l-0")).first)
      #expect(await shop.handle(second) == .ack)
      #expect(shop.readings.count == 1)
      #expect(
        try await shop.count(
          "SELECT count(*) FROM named_readers WHERE until BETWEEN now() AND now() + interval '16 s'") == 1)
      try await shop.run("UPDATE named_readers SET until = now() - interval '1 s'")
      shop.beforeReading(nil)
      let third = try #require(try await shop.name(.listing("l-0")).first)
      #expect(await shop.handle(third) == .ack)
      // The one that was put off comes back, and finds nothing.
      #expect(await shop.handle(first) == .ack)
      #expect(shop.readings.count == 2)
    }
  }

  @Test func `a job whose worker was killed goes on where its turn was cut off`() async throws {
    try await Shop.with(Journal(listings: 1)) { (shop: Shop) async throws in
      let job = try #require(try await shop.name(.listing("l-0")).first)
      try await shop.run(
        """
        INSERT INTO named_readers (connection_id, feed, job, until)
        VALUES ($1, 'listings', $2, now() + interval '1 hour')
        """, [shop.account.id, job.messageId])
      let other = try #require(try await shop.name(.listing("l-0")).first)
      #expect(await shop.handle(other) == .ack)
      #expect(shop.readings.isEmpty)
      #expect(await shop.handle(job) == .ack)
      #expect(shop.readings == ["l-0"])
    }
  }

  @Test func `a feed with news is polled once for all webhooks that say so before it begins`() async throws {
    try await Shop.with(Journal(listings: 2)) { (shop: Shop) async throws in
      let job = try #require(try await shop.name(.feed(.listings)).first)
      #expect(!job.readsNamed)
      #expect(try await shop.name(.feed(.listings)).isEmpty)
      #expect(await shop.handle(job) == .ack)
      #expect(try await shop.publishedEvents().count == 2)
      #expect(try await shop.name(.feed(.listings)).count == 1)
      // A job that never came is asked for again.
      #expect(try await shop.name(.feed(.listings)).isEmpty)
      try await shop.run("UPDATE named_reads SET named_at = named_at - interval '2 min'")
      #expect(try await shop.name(.feed(.listings)).count == 1)
    }
  }
}

extension Shop {
  func name(_ subjects: WebhookSubject...) async throws -> [PollJob] { try await name(subjects) }

  func name(_ subjects: [WebhookSubject]) async throws -> [PollJob] {
    try await database.transaction { [account] connection in
      try NamedReads.ask(
        subjects.map { NamedReads.Name(connectionId: account.id, subject: $0) }, on: connection)
    }
  }

  var readings: [String] { journal.state.withLockedValue { $0.readings.sorted() } }

  func beforeReading(_ body: (@Sendable (String) async throws(MarketplaceError) -> Void)?) {
    journal.state.withLockedValue { $0.beforeReading = body }
  }
}
