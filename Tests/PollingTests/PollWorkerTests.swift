import Events
import Lane
import Marketplaces
import NIOConcurrencyHelpers
import Outbox
import Polling
import Postgres
import Testing
import Time

@Suite struct PollWorkerTests {
  func handle(_ shop: Shop, _ job: PollJob, attempts: Int = 0) async -> Disposition {
    await shop.worker().handle(Job(messageId: job.messageId, body: job.encode(), attempts: attempts))
  }

  @Test func `pages are stored, published and the cursor moved, and a second poll adds nothing`() async throws
  {
    try await Shop.with(Journal(events: 250)) { (shop: Shop) async throws in
      #expect(await handle(shop, shop.job(.orderEvents)) == .ack)
      #expect(try await shop.publishedEvents().count == 250)
      #expect(try await shop.feed("cursor", .orderEvents) == "e-250")
      #expect(try await shop.feed("status", .orderEvents) == "active")
      #expect(try await shop.feed("lease_token", .orderEvents) == nil)
      #expect(try await shop.count("SELECT count(*) FROM webhook_events WHERE status = 'published'") == 250)
      #expect(await handle(shop, shop.job(.orderEvents, slot: "2")) == .ack)
      #expect(try await shop.publishedEvents().count == 250)
      #expect(
        try await shop.text(
          "SELECT string_agg(pages || ' ' || calls || ' ' || events || ' ' || new_events, ', ' ORDER BY id) FROM poll_runs"
        ) == "3 3 250 250, 1 1 0 0")
    }
  }

  @Test func `rule 25: after the allowed pages a continuation goes on where they ended, never a hole`()
    async throws
  {
    try await Shop.with(Journal(events: 750)) { (shop: Shop) async throws in
      #expect(await handle(shop, shop.job(.orderEvents)) == .ack)
      #expect(try await shop.publishedEvents().count == 300)
      var rounds = 0
      while let next = try await shop.publishedJobs().last, rounds < 9 {
        rounds += 1
        #expect(next.reason == .continuation && next.jobId == "order-events@1.\(rounds + 1)")
        #expect(try await shop.feed("job_slot", .orderEvents) == next.jobId)
        #expect(await handle(shop, next) == .ack)
        if try await shop.publishedJobs().count == rounds { break }
      }
      #expect(rounds == 2)
      let events = try await shop.publishedEvents()
      #expect(events.count == 750 && Set(events).count == 750)
      #expect(try await shop.feed("job_expires_at", .orderEvents) == nil)
    }
  }

  @Test func `a job that comes twice polls the rest and doubles nothing`() async throws {
    try await Shop.with(Journal(events: 20)) { (shop: Shop) async throws in
      let job = shop.job(.orderEvents)
      for _ in 1...3 { #expect(await handle(shop, job) == .ack) }
      #expect(try await shop.publishedEvents().count == 20)
    }
  }

  @Test func `the first stored event fixes what its id means`() async throws {
    try await Shop.with(Journal(events: 5)) { (shop: Shop) async throws in
      #expect(await handle(shop, shop.job(.orderEvents)) == .ack)
      shop.journal.state.withLockedValue { $0.quantity = 9 }
      try await shop.run("UPDATE feeds SET cursor = NULL")
      #expect(await handle(shop, shop.job(.orderEvents, slot: "2")) == .ack)
      #expect(try await shop.publishedEvents().count == 5)
    }
  }

  @Test func `rule 23: a zombie whose lease was taken commits nothing and moves nothing back`() async throws {
    let journal = Journal(events: 100)
    try await Shop.with(journal) { (shop: Shop) async throws in
      journal.state.withLockedValue { state in
        state.interruption = { _ in
          journal.state.withLockedValue { $0.interruption = nil }
          // While the page is fetched, the lease runs out and another worker polls.
          try? await shop.run("UPDATE feeds SET lease_until = clock_timestamp() - interval '1 s'")
          let other = await handle(shop, shop.job(.orderEvents, slot: "2"))
          #expect(other == .ack)
          journal.state.withLockedValue { $0.events += ["e-101"] }
        }
      }
      #expect(await handle(shop, shop.job(.orderEvents)) == .ack)
      #expect(try await shop.publishedEvents().count == 100)
      #expect(try await shop.feed("cursor", .orderEvents) == "e-100")
    }
  }

  @Test func `a lease is renewed for as long as a page takes, so that it can be short`() async throws {
    let journal = Journal(events: 10)
    try await Shop.with(journal) { (shop: Shop) async throws in
      let job = shop.job(.orderEvents)
      journal.state.withLockedValue { state in
        state.interruption = { _ in
          journal.state.withLockedValue { $0.interruption = nil }
          do {
            for _ in 1...2 {
              let until = try #require(try await shop.feed("lease_until", .orderEvents))
              try await shop.until("SELECT lease_until > '\(until)' FROM feeds WHERE feed = 'order-events'")
            }
          } catch {
            Issue.record(error)
          }
        }
      }
      let worker = shop.worker(lease: .milliseconds(600))
      #expect(await worker.handle(Job(messageId: job.messageId, body: job.encode())) == .ack)
      #expect(try await shop.feed("cursor", .orderEvents) == "e-10")
    }
  }

  @Test func `a feed that another worker polls is waited for`() async throws {
    try await Shop.with { (shop: Shop) async throws in
      let (id, lease) = (shop.account.id, Shop.settings.lease)
      _ = try await shop.database.withConnection { connection in
        try FeedStore().acquire(.orders, of: id, for: lease, on: connection)
      }
      guard case .delay(_, let notBefore) = await handle(shop, shop.job(.orders)) else {
        Issue.record("not delayed")
        return
      }
      #expect(notBefore == .seconds(5))
    }
  }

  @Test func `rule 24: a job that comes too late is acked, frees its slot and asks nobody`() async throws {
    try await Shop.with { (shop: Shop) async throws in
      try await shop.run(
        "INSERT INTO feeds (connection_id, feed, job_slot, job_expires_at) VALUES ($1, 'orders', 'orders@1', now())",
        [shop.account.id])
      #expect(await handle(shop, shop.job(.orders, expiresIn: .seconds(-1))) == .ack)
      #expect(shop.journal.requests.isEmpty)
      #expect(try await shop.feed("job_expires_at", .orders) == nil)
    }
  }

  @Test func `a cursor that is ignored stops the feed until a person polls it`() async throws {
    try await Shop.with(Journal(events: 3)) { (shop: Shop) async throws in
      shop.journal.state.withLockedValue {
        $0.failures = [.cursorIgnored("the service ignored the cursor parameter")]
      }
      #expect(await handle(shop, shop.job(.orderEvents)) == .ack)
      #expect(try await shop.feed("status", .orderEvents) == "stopped")
      #expect(try await shop.feed("last_error", .orderEvents) == "the service ignored the cursor parameter")
      #expect(await handle(shop, shop.job(.orderEvents, slot: "2")) == .ack)
      #expect(try await shop.publishedEvents().isEmpty)
      #expect(await handle(shop, shop.job(.orderEvents, .manual, slot: "3")) == .ack)
      #expect(try await shop.publishedEvents().count == 3)
      #expect(try await shop.feed("status", .orderEvents) == "active")
    }
  }

  @Test func `what the marketplace doesn't have is unavailable`() async throws {
    try await Shop.with { (shop: Shop) async throws in
      #expect(await handle(shop, shop.job(.offerEvents)) == .ack)
      #expect(try await shop.feed("status", .offerEvents) == "unavailable")
    }
  }

  @Test func `a limit and an outage delay the job, and what was read before them stays`() async throws {
    let journal = Journal(events: 150)
    try await Shop.with(journal) { (shop: Shop) async throws in
      journal.state.withLockedValue { state in
        state.interruption = { request in
          guard request.cursor != nil else { return }
          journal.state.withLockedValue { $0.interruption = nil }
        }
      }
      journal.state.withLockedValue { $0.failures = [.rateLimited(retryAfter: .seconds(40))] }
      guard case .delay(let failure, let notBefore) = await handle(shop, shop.job(.orderEvents)) else {
        Issue.record("not delayed")
        return
      }
      #expect(failure.errorClass == .rateLimited && notBefore == .seconds(40))
      #expect(try await shop.feed("lease_token", .orderEvents) == nil)
      journal.state.withLockedValue { $0.failures = [.unavailable(status: 503, retryAfter: nil)] }
      guard case .delay = await handle(shop, shop.job(.orderEvents), attempts: 1) else {
        Issue.record("not delayed")
        return
      }
      #expect(try await shop.feed("status", .orderEvents) == "failing")
      // The third failure gives the job up, for its feed will be fired again.
      journal.state.withLockedValue { $0.failures = [.unavailable(status: 503, retryAfter: nil)] }
      #expect(await handle(shop, shop.job(.orderEvents), attempts: 3) == .ack)
      #expect(await handle(shop, shop.job(.orderEvents, slot: "2")) == .ack)
      #expect(try await shop.publishedEvents().count == 150)
      #expect(try await shop.feed("last_error", .orderEvents) == nil)
    }
  }

  @Test func `a dry run counts and changes nothing`() async throws {
    try await Shop.with(Journal(events: 30)) { (shop: Shop) async throws in
      var job = shop.job(.orderEvents, .manual)
      job.dryRun = true
      #expect(await handle(shop, job) == .ack)
      #expect(try await shop.published().isEmpty)
      #expect(try await shop.count("SELECT count(*) FROM webhook_events") == 0)
      #expect(try await shop.count("SELECT count(*) FROM feeds") == 0)
      #expect(
        try await shop.text("SELECT concat_ws(' ', dry_run, events, new_events) FROM poll_runs") == "t 30 30")
      #expect(try await shop.count("SELECT count(*) FROM order_statistics") == 0)
    }
  }

  @Test func `a new connection's journal begins at its present end, set before the listings are read`()
    async throws
  {
    try await Shop.with(Journal(events: 40, listings: 5), start: .latest) { (shop: Shop) async throws in
      #expect(await handle(shop, shop.job(.listings)) == .ack)
      #expect(try await shop.feed("cursor", .orderEvents) == "e-40")
      shop.journal.state.withLockedValue { $0.events += ["e-41", "e-42"] }
      #expect(await handle(shop, shop.job(.orderEvents)) == .ack)
      let events = try await shop.publishedEvents()
      #expect(events.filter { $0.hasSuffix("e-41") || $0.hasSuffix("e-42") }.count == 2)
      #expect(events.count == 7)
    }
  }

  @Test func `history before the given time is left out`() async throws {
    try await Shop.with(Journal(events: 40), start: .at(Journal.observedAt + .seconds(1))) {
      (shop: Shop) async throws in
      #expect(await handle(shop, shop.job(.orderEvents)) == .ack)
      #expect(try await shop.publishedEvents().isEmpty)
      #expect(try await shop.feed("cursor", .orderEvents) == "e-40")
    }
  }

  @Test func `listings are kept with the variations of their SKUs, one snapshot each`() async throws {
    try await Shop.with(Journal(listings: 250)) { (shop: Shop) async throws in
      #expect(await handle(shop, shop.job(.listings)) == .ack)
      #expect(try await shop.count("SELECT count(*) FROM listings WHERE variation_id IS NOT NULL") == 250)
      #expect(try await shop.count("SELECT count(*) FROM variations") == 125)
      #expect(try await shop.publishedEvents().count == 250)
      #expect(try await shop.feed("page_cursor", .listings) == nil)
      // A listing that was mapped by hand stays mapped.
      try await shop.run(
        """
        UPDATE listings SET variation_id = (SELECT max(id) FROM variations), quantity_as_of = now() - interval '9 y'
        WHERE external_id = 'l-0'
        """)
      #expect(await handle(shop, shop.job(.listings, slot: "2")) == .ack)
      #expect(
        try await shop.count(
          "SELECT count(*) FROM listings WHERE external_id = 'l-0' AND variation_id = (SELECT max(id) FROM variations)"
        ) == 1)
      #expect(try await shop.publishedEvents().count == 250)
    }
  }

  @Test func `a few listings are read again without touching the feed`() async throws {
    try await Shop.with(Journal(listings: 3)) { (shop: Shop) async throws in
      var job = shop.job(.listings, .reread)
      job.listings = ["l-1", "gone"]
      #expect(await handle(shop, job) == .ack)
      #expect(try await shop.publishedEvents().count == 1)
      #expect(try await shop.count("SELECT count(*) FROM feeds") == 0)
    }
  }

  @Test func `a disabled connection's jobs are dropped, and nonsense is a dead letter`() async throws {
    try await Shop.with(Journal(events: 3)) { (shop: Shop) async throws in
      _ = try await shop.store.setEnabled(false, of: shop.account.id)
      #expect(await handle(shop, shop.job(.orderEvents)) == .ack)
      #expect(shop.journal.requests.isEmpty)
      guard case .deadLetter = await shop.worker().handle(Job(messageId: "x", body: Array("{}".utf8))) else {
        Issue.record("not dead")
        return
      }
    }
  }
}
