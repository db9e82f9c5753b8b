import Events
import JSON
import Lane
import Marketplaces
import NIOConcurrencyHelpers
import Outbox
import Postgres
import Push
import Testing

@Suite struct PushTests {
  /// Both marketplaces were read a minute ago and showed ten.
  static func opened(_ seller: Seller) async throws {
    try await seller.book([
      seller.snapshot(10, at: 0, secondsAgo: 60), seller.snapshot(10, at: 1, secondsAgo: 58),
    ])
    _ = try await seller.pushAll()
    #expect(seller.shelves.allSatisfy { $0.writes.isEmpty })
  }

  @Test func `a sale at one marketplace is brought to the other, and not back to its own`() async throws {
    try await Seller.with { seller in
      try await Self.opened(seller)
      seller.shelves[0].state.withLockedValue { $0.quantities["offer"] = 9 }
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      _ = try await seller.pushAll()
      #expect(seller.shelves.map(\.writes) == [[], [9]])
      #expect(try await seller.onHand() == [9, 9])
    }
  }

  @Test func `nothing is written over a quantity that nobody has read yet`() async throws {
    try await Seller.with { seller in
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 60), seller.topup(5, at: 0, secondsAgo: 59)])
      _ = try await seller.pushAll()
      #expect(seller.shelves.map(\.writes) == [[], []])
      #expect(try await seller.text("SELECT count(*)::text FROM listings WHERE reread_at IS NOT NULL") == "1")
      try await seller.book([seller.snapshot(9, at: 0, secondsAgo: 50)])
      try await seller.run("UPDATE listings SET reread_at = NULL")
      _ = try await seller.pushAll()
      #expect(try await seller.onHand() == [14])
      #expect(seller.shelves.map(\.writes) == [[14], []])
    }
  }

  @Test func `ten changes that wait for a slow marketplace become one call`() async throws {
    try await Seller.with { seller in
      try await Self.opened(seller)
      for second in 0..<10 { try await seller.book([seller.sale(1, at: 0, secondsAgo: 40 - Int64(second))]) }
      #expect(try await seller.pushAll() == 2, "one job per listing")
      #expect(seller.shelves.map(\.writes) == [[], [0]])
    }
  }

  @Test func `the echo of our own push moves nothing`() async throws {
    try await Seller.with { seller in
      try await Self.opened(seller)
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      _ = try await seller.pushAll()
      // The reading of it comes a few seconds later.
      try await seller.book([seller.snapshot(9, at: 1, secondsAgo: -5)])
      #expect(try await seller.pushAll() == 0)
      #expect(try await seller.onHand() == [9, 9])
    }
  }

  /// The shorter edition of `ops/run --check --pooled --quiet 60`.
  @Test func `two marketplaces that sync to each other settle after the last change`() async throws {
    try await Seller.with { seller in
      try await Self.opened(seller)
      for round in 0..<5 {
        let second = Int64(50 - 8 * round)
        try await seller.book([
          seller.sale(1, at: round % 2, secondsAgo: second),
          seller.sale(1, at: 1 - round % 2, secondsAgo: second - 1),
        ])
        if round < 4 { _ = try await seller.pushAll() }
      }
      let before = seller.shelves.map(\.writes.count)
      _ = try await seller.pushAll()
      #expect(zip(seller.shelves, before).allSatisfy { $0.writes.count - $1 <= 1 })
      #expect(seller.shelves.map { $0.state.withLockedValue(\.quantities) } == [["offer": 0], ["offer": 0]])
      // Both marketplaces tell us of our own writes again and again.
      for second in 5...14 {
        try await seller.book([
          seller.snapshot(0, at: second % 2, secondsAgo: -Int64(second)),
          seller.snapshot(0, at: 1 - second % 2, secondsAgo: -Int64(second)),
        ])
        #expect(try await seller.pushAll() == 0)
      }
      #expect(zip(seller.shelves, before).allSatisfy { $0.writes.count - $1 <= 1 })
      #expect(try await seller.onHand() == [0, 0])
    }
  }

  @Test func `rule 31: a change during a push is pushed after it`() async throws {
    try await Seller.with { seller in
      try await Self.opened(seller)
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      seller.shelves[1].state.withLockedValue { state in
        state.interruption = {
          seller.shelves[1].state.withLockedValue { $0.interruption = nil }
          do { try await seller.book([seller.sale(2, at: 0, secondsAgo: 20)]) } catch { Issue.record(error) }
        }
      }
      _ = try await seller.pushAll()
      #expect(seller.shelves[1].writes == [9, 7])
    }
  }

  @Test func `rule 33: each write has a key of its own, also one of a quantity that was written before`()
    async throws
  {
    try await Seller.with { seller in
      try await Self.opened(seller)
      for (quantity, seconds) in [(2, 40), (-2, 30), (2, 20)] as [(Int, Int64)] {
        try await seller.book([seller.topup(-quantity, at: 0, secondsAgo: seconds)])
        _ = try await seller.pushAll()
      }
      #expect(seller.shelves[1].writes == [8, 10, 8])
      let keys = seller.shelves.map { shelf in shelf.state.withLockedValue { $0.keys } }
      #expect(keys.map(\.count) == [3, 3])
      #expect(Set(keys.joined()).count == 6)
    }
  }

  @Test func `rule 32: a write without an answer is read back, and counts once`() async throws {
    try await Seller.with { seller in
      try await Self.opened(seller)
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      let jobs = try await seller.jobs(of: "push")
      seller.shelves[1].state.withLockedValue { $0.failures = [.network("cut")] }
      var delayed: [OutboundMessage] = []
      for job in jobs {
        if case .delay = await seller.push(job) { delayed.append(job) }
      }
      #expect(delayed.count == 1)
      for job in delayed { #expect(await seller.push(job, attempts: 1) == .ack) }
      #expect(seller.shelves[1].writes == [9], "it had been taken")
      #expect(try await seller.onHand() == [9, 9])
    }
  }

  @Test func `after the last attempt the next change makes a job of its own`() async throws {
    try await Seller.with { seller in
      try await Self.opened(seller)
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      seller.shelves[1].state.withLockedValue { $0.failures = [.unavailable(status: 503, retryAfter: nil)] }
      for job in try await seller.jobs(of: "push") {
        _ = await seller.push(job, attempts: 2)
      }
      seller.shelves[1].state.withLockedValue { $0.failures = [] }
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 20)])
      _ = try await seller.pushAll()
      #expect(seller.shelves[1].writes == [8])
    }
  }

  @Test func `an outage is waited for, however long`() async throws {
    try await Seller.with { seller in
      try await Self.opened(seller)
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      seller.shelves[1].state.withLockedValue {
        $0.failures = [.breakerOpen(.network, remaining: .seconds(40))]
      }
      var failures: [Failure] = []
      for job in try await seller.jobs(of: "push") {
        if case .delay(let failure, .some(.seconds(40))) = await seller.push(job, attempts: 2) {
          failures.append(failure)
        }
      }
      #expect(failures.map(\.countsAsAttempt) == [false])
    }
  }

  @Test func `in shadow mode nothing is written, and what would have been is recorded`() async throws {
    try await Seller.with(mode: .shadow) { seller in
      try await Self.opened(seller)
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      _ = try await seller.pushAll()
      #expect(seller.shelves.map(\.writes) == [[], []])
      #expect(
        try await seller.text("SELECT string_agg(target || (body->>'quantity'), ',') FROM shadow_actions")
          == "offer9")
    }
  }

  @Test func `a marketplace that can't be written to still sells from the pool`() async throws {
    try await Seller.with([Shelf(), Shelf(stockWrite: .none)]) { seller in
      try await Self.opened(seller)
      seller.shelves[1].state.withLockedValue { $0.quantities["offer"] = 7 }
      try await seller.book([seller.sale(3, at: 1, secondsAgo: 30)])
      _ = try await seller.pushAll()
      #expect(seller.shelves.map(\.writes) == [[7], []])
    }
  }

  @Test func `without the rule each marketplace stands alone`() async throws {
    try await Seller.with(rules: [:]) { seller in
      try await Self.opened(seller)
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      #expect(try await seller.pushAll() == 0)
      #expect(try await seller.onHand() == [9, 10])
    }
  }

  @Test func `a rule's conditions hold back what would be written`() async throws {
    let rules: JSON = ["propagateInventory": true, "conditions": ["skuPattern": "OTHER-*"]]
    try await Seller.with(rules: rules) { seller in
      try await Self.opened(seller)
      try await seller.book([seller.sale(1, at: 0, secondsAgo: 30)])
      #expect(try await seller.pushAll() == 0)
    }
  }

  @Test func `a message to a buyer is delivered once, and one that fails for good says why`() async throws {
    try await Seller.with { seller in
      try await seller.owe("order_confirmation", "shipping_update")
      let (first, second) = (Seller.delivery(of: 1), Seller.delivery(of: 2))
      #expect(await seller.pushWorker.handle(first) == .ack)
      #expect(await seller.pushWorker.handle(first) == .ack)
      #expect(seller.shelves[0].state.withLockedValue { $0.letters } == ["o-1: hello"])
      seller.shelves[0].state.withLockedValue { $0.failures = [.rejected(status: 422, "too long")] }
      guard case .deadLetter = await seller.pushWorker.handle(second) else {
        Issue.record("a refused message must be a dead letter")
        return
      }
      #expect(
        try await seller.text("SELECT string_agg(delivery_status, ' ' ORDER BY id) FROM order_messages")
          == "delivered failed")
      #expect(
        try await seller.text(
          """
          SELECT string_agg(body->>'outcome' || ' ' || (duration_ms >= 0)::text, ', ' ORDER BY id)
            FROM activity_log WHERE kind = 'push.message'
          """) == "delivered true, failed true")
    }
  }

  @Test func `an attempt that nobody knows the end of is known to the next one`() async throws {
    try await Seller.with { seller in
      try await seller.owe("order_confirmation")
      let shelf = seller.shelves[0]
      func deliver() async -> Disposition { await seller.pushWorker.handle(Seller.delivery(of: 1)) }
      // Refused: it surely did not arrive. Cut off: nobody knows.
      for failure in [MarketplaceError.rateLimited(retryAfter: nil), .network("the connection was cut")] {
        shelf.state.withLockedValue { $0.failures = [failure] }
        guard case .delay = await deliver() else {
          Issue.record("it must be tried again")
          return
        }
      }
      #expect(await deliver() == .ack)
      #expect(shelf.state.withLockedValue { $0.attempts.map { $0 == nil } } == [true, true, false])
      // Another worker has it in hand.
      try await seller.run(
        """
        UPDATE order_messages SET delivery_status = 'pending', delivered_at = NULL,
               lease_until = clock_timestamp() + interval '1 minute'
        """)
      guard case .delay(let failure, _) = await deliver(), failure.errorClass == .busy else {
        Issue.record("two workers must not deliver one message")
        return
      }
    }
  }

  @Test func `a message about an order that is gone is given up, and is no dead letter`() async throws {
    try await Seller.with { seller in
      try await seller.owe("order_confirmation")
      seller.shelves[0].state.withLockedValue { $0.failures = [.notFound("order o-1")] }
      let job = Seller.delivery(of: 1)
      #expect(await seller.pushWorker.handle(job) == .ack)
      #expect(
        try await seller.text(
          "SELECT delivery_status || (delivery_error IS NOT NULL)::text FROM order_messages") == "failedtrue")
    }
  }
}
