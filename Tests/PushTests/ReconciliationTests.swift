import Events
import JSON
import Lane
import Marketplaces
import NIOConcurrencyHelpers
import Outbox
import Polling
import Postgres
import Reconciliation
import TestServers
import Testing
import Time

@Suite struct ReconciliationTests {
  /// Orders a reconciliation of the first marketplace and does it.
  private func reconcile(_ seller: Seller, isDryRun: Bool = false) async throws -> Disposition {
    let id = seller.accounts[0].id
    let ordered = try await seller.database.transaction {
      try Reconciliations.order(id, reason: .manual, isDryRun: isDryRun, on: $0)
    }
    #expect(ordered != nil)
    let job = try #require(try await seller.jobs(of: "reconcile").last)
    return await seller.reconciliation.handle(Job(messageId: job.messageId, body: job.body))
  }

  @Test func `differences are repaired with history, and reported`() async throws {
    try await Seller.with([Shelf(pageSize: 2)], rules: [:]) { seller in
      seller.shelves[0].state.withLockedValue {
        $0.quantities = ["offer": 7, "b": 1, "c": 2, "d": 3, "e": 4]
      }
      try await seller.book([seller.snapshot(10, at: 0, secondsAgo: 60)])
      #expect(try await reconcile(seller) == .ack)
      #expect(
        try await seller.text(
          "SELECT concat_ws(' ', status, pages, calls, listings, differences, repaired) FROM reconciliations")
          == "done 3 3 5 5 5")
      #expect(
        try await seller.text("SELECT biggest->0->>'difference' FROM reconciliations") == "4",
        "the biggest differences come first")
      #expect(try await seller.onHand().sorted() == [1, 2, 3, 4, 7])
      #expect(
        try await seller.text(
          """
          SELECT string_agg(quantity_change::text, ' ') FROM marketplace_stock_history h
            JOIN variations v ON v.id = h.variation_id WHERE v.sku = 'SKU' AND change_type = 'reconciliation'
          """) == "-3")
      #expect(
        try await seller.text(
          "SELECT bool_and(last_synced_at IS NOT NULL AND last_api_quantity = on_hand)::text FROM marketplace_stock"
        )
          == "true")
      #expect(try await seller.text("SELECT kind FROM notifications") == "reconciliation.alarm")
      #expect(
        try await seller.text(
          "SELECT string_agg(kind || ': ' || text, '; ') FROM alerts WHERE sent_at IS NULL")
          == "discrepancies: 5 of 5 listings of \(seller.accounts[0].name) differ from the ledger (reconciliation 1, now repaired)"
      )
    }
  }

  @Test func `up to one listing in a hundred may differ without an alert`() async throws {
    try await Seller.with([Shelf(pageSize: 200)], rules: [:]) { (seller) async throws in
      let quantities = Dictionary(uniqueKeysWithValues: (0..<100).map { ("l\($0)", 5) })
      seller.shelves[0].state.withLockedValue { $0.quantities = quantities }
      #expect(try await reconcile(seller) == .ack)
      let alerts = "SELECT count(*)::text FROM alerts"
      #expect(try await seller.text(alerts) == "1", "the ledger knew none of them")
      seller.shelves[0].state.withLockedValue { $0.quantities["l7"] = 6 }
      #expect(try await reconcile(seller) == .ack)
      #expect(try await seller.text(alerts) == "1")
      seller.shelves[0].state.withLockedValue {
        $0.quantities["l7", default: 0] += 1
        $0.quantities["l8"] = 6
      }
      #expect(try await reconcile(seller) == .ack)
      #expect(try await seller.text(alerts) == "2")
    }
  }

  @Test func `a dry run reports the same and changes nothing`() async throws {
    try await Seller.with([Shelf()], rules: [:]) { seller in
      seller.shelves[0].state.withLockedValue { $0.quantities = ["offer": 7] }
      try await seller.book([seller.snapshot(10, at: 0, secondsAgo: 60)])
      #expect(try await reconcile(seller, isDryRun: true) == .ack)
      #expect(
        try await seller.text("SELECT concat_ws(' ', status, differences, repaired) FROM reconciliations")
          == "done 1 0")
      #expect(try await seller.onHand() == [10])
    }
  }

  @Test func `an order that comes in late is not counted twice`() async throws {
    try await Seller.with([Shelf()], rules: [:]) { seller in
      try await seller.book([seller.snapshot(10, at: 0, secondsAgo: 60)])
      seller.shelves[0].state.withLockedValue { $0.quantities = ["offer": 8] }
      #expect(try await reconcile(seller) == .ack)
      #expect(try await seller.onHand() == [8])
      try await seller.book([seller.sale(2, at: 0, secondsAgo: 20)])
      #expect(try await seller.onHand() == [8])
    }
  }

  @Test func `never two at once for one marketplace, and a slot is ordered once`() async throws {
    try await Seller.with([Shelf()], rules: [:]) { seller in
      let id = seller.accounts[0].id
      let ordered = try await seller.database.transaction { connection in
        try [nil, nil].map { try Reconciliations.order(id, reason: .manual, slot: $0, on: connection) != nil }
      }
      #expect(ordered == [true, false])
      try await seller.run("UPDATE reconciliations SET status = 'done', slot = 'tonight'")
      let again = try await seller.database.transaction {
        try Reconciliations.order(id, reason: .schedule, slot: "tonight", on: $0)
      }
      #expect(again == nil)
    }
  }

  @Test func `a failure in the middle goes on where it stopped`() async throws {
    try await Seller.with([Shelf(pageSize: 1)], rules: [:]) { seller in
      seller.shelves[0].state.withLockedValue { $0.quantities = ["offer": 7, "b": 1] }
      let id = seller.accounts[0].id
      _ = try await seller.database.transaction { try Reconciliations.order(id, reason: .manual, on: $0) }
      let message = try #require(try await seller.jobs(of: "reconcile").first)
      let job = Job(messageId: message.messageId, body: message.body)
      seller.shelves[0].state.withLockedValue { $0.failures = [.unavailable(status: 502, retryAfter: nil)] }
      guard case .delay = await seller.reconciliation.handle(job) else {
        Issue.record("a marketplace that is away is waited for")
        return
      }
      #expect(await seller.reconciliation.handle(job) == .ack)
      #expect(
        try await seller.text("SELECT concat_ws(' ', status, listings, calls) FROM reconciliations")
          == "done 2 2")
    }
  }

  @Test func `a listing of a pool that shows another quantity is brought to the pool's`() async throws {
    try await Seller.with { seller in
      try await PushTests.opened(seller)
      // A push was lost for good: the second marketplace shows a piece that was sold at the first.
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      _ = try await seller.jobs(of: "push")
      try await seller.run("UPDATE stock_pushes SET is_queued = false, done_generation = generation")
      let id = seller.accounts[1].id
      _ = try await seller.database.transaction { try Reconciliations.order(id, reason: .manual, on: $0) }
      let message = try #require(try await seller.jobs(of: "reconcile").first)
      #expect(
        await seller.reconciliation.handle(Job(messageId: message.messageId, body: message.body)) == .ack)
      try await seller.propagateAll()
      _ = try await seller.pushAll()
      #expect(seller.shelves[1].writes == [9])
      #expect(try await seller.onHand() == [9, 9])
    }
  }

  @Test func `the schedule orders every marketplace once a slot, whoever looks`() async throws {
    try await Seller.with { seller in
      try await seller.run("UPDATE platform_connections SET created_at = now() - interval '2 days'")
      let hourly = ReconciliationSchedule(
        database: seller.database, schedule: try #require(.parse("* * * * *")), logger: TestServers.silence,
        feeds: { _ in [.listings] })
      #expect(try await hourly.tick() == 2)
      #expect(try await hourly.tick() == 0)
    }
  }
}
