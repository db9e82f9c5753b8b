import Desk
import Outbox
import Postgres
import RabbitMQ
import Testing
import Time
import Topology

struct AuditTests {
  static let time = Timestamp("2026-01-01T12:00:00Z") ?? .epoch

  /// Orders' events in one packet that a relay has sent, without the broker having them.
  private static func publish(_ ids: [String], sent: Bool = true, on connection: Postgres.Connection) throws {
    let messages = ids.map { id in
      OutboundMessage(
        route: .event(key: "allegro.order.created"), messageId: id, type: "order.created", time: time,
        body: Array("body of \(id)".utf8))
    }
    try connection.transaction { try Outbox.append(messages, on: $0) }
    if sent { try connection.query("UPDATE outbox SET published_at = now() WHERE published_at IS NULL") }
  }

  private static func effect(_ ids: [String], of queue: Queue, on connection: Postgres.Connection) throws {
    try connection.query(
      "INSERT INTO inbox (consumer, event_time, message_id) SELECT $1, $2, unnest($3::text[])",
      [queue.rawValue, time, ids])
  }

  @Test func `rule 30: every published id is effected, discarded, dead, in flight or named as missing`()
    async throws
  {
    try await Place.with { (place) throws in
      let connection = try place.openDatabase()
      try Self.publish(["effected", "dead", "discarded", "waiting", "lost"], on: connection)
      try Self.publish(["unsent"], sent: false, on: connection)
      try Self.effect(["effected", "foreign"], of: .stockLedger, on: connection)
      let all = ["effected", "dead", "discarded", "waiting", "lost", "unsent"]
      for queue in [Queue.orderSync, .messaging] { try Self.effect(all, of: queue, on: connection) }
      try place.bury(["discarded", "dead"])
      #expect(try place.desk.discard(Selection(ids: ["discarded"]), by: Warrant(actor: "tests")).done == 1)
      let broker = try place.open()
      try broker.publish(
        exchange: "", routingKey: place.topology.name(.stockLedger),
        properties: Publishing(messageID: "waiting"),
        body: [])
      try place.waitFor(1, in: place.topology.name(.stockLedger), on: broker)
      let audit = Audit(place.desk, since: Self.time - .seconds(3_600))
      let accounts = try audit.accounts()
      let ledger = try #require(accounts.first { $0.queue == .stockLedger })
      #expect(ledger.published == 6 && ledger.effected == 1 && ledger.dead == 1 && ledger.discarded == 1)
      #expect(ledger.inFlight == 2 && ledger.missingCount == 1 && ledger.missing.count == 1)
      #expect(ledger.foreign == 1 && !ledger.isBalanced)
      #expect(accounts.filter { $0.queue != .stockLedger }.allSatisfy { $0.isBalanced && $0.inFlight == 0 })
      broker.close()
    }
  }

  @Test func `rule 30: an id counts once, effected before discarded before dead before in flight`()
    async throws
  {
    try await Place.with { (place) throws in
      let connection = try place.openDatabase()
      try Self.publish(["effected", "discarded", "dead"], on: connection)
      for queue in [Queue.orderSync, .messaging] {
        try Self.effect(["effected", "discarded", "dead"], of: queue, on: connection)
      }
      // Each was all that comes after it as well: buried and discarded once, and lately a letter again.
      try place.bury(["effected", "discarded"])
      #expect(try place.desk.discard(Selection(), by: Warrant(actor: "tests")).done == 2)
      try place.bury(["effected", "discarded", "dead"].map { Place.Burial(id: $0, generation: 1) })
      try Self.effect(["effected"], of: .stockLedger, on: connection)
      let accounts = try Audit(place.desk, since: Self.time - .seconds(3_600)).accounts()
      let ledger = try #require(accounts.first { $0.queue == .stockLedger })
      #expect(ledger.published == 3 && ledger.effected == 1 && ledger.discarded == 1 && ledger.dead == 1)
      #expect(ledger.inFlight == 0 && ledger.foreign == 0 && ledger.isBalanced)
    }
  }

  @Test func `rule 22: repair publishes to the one queue that lacks it, and the account balances`()
    async throws
  {
    try await Place.with { (place) throws in
      let connection = try place.openDatabase()
      let ids = (0..<1_500).map { "m\($0)" }
      try Self.publish(ids, on: connection)
      for queue in [Queue.orderSync, .messaging] { try Self.effect(ids, of: queue, on: connection) }
      try Self.effect(ids.filter { $0 != "m7" && $0 != "m9" }, of: .stockLedger, on: connection)
      let audit = Audit(place.desk, since: Self.time - .seconds(3_600))
      let accounts = try audit.accounts()
      #expect(accounts.flatMap(\.missing).map(\.id).sorted() == ["m7", "m9"])
      #expect(try audit.repair(accounts) == 2)
      let again = try place.take(2, from: place.topology.name(.stockLedger))
      #expect(again.compactMap(\.messageID).sorted() == ["m7", "m9"])
      #expect(again.first?.withBody { String(decoding: $0, as: UTF8.self) }.hasPrefix("body of m") == true)
      try Self.effect(["m7", "m9"], of: .stockLedger, on: connection)
      let mended = try audit.accounts()
      #expect(mended.allSatisfy { $0.isBalanced })
    }
  }

  @Test func `rule 30: what waits in a delay queue is seen there, and hides nothing that is missing`()
    async throws
  {
    try await Place.with { (place) throws in
      let connection = try place.openDatabase()
      try Self.publish(["delayed", "lost"], on: connection)
      for queue in [Queue.orderSync, .messaging] {
        try Self.effect(["delayed", "lost"], of: queue, on: connection)
      }
      let broker = try place.open()
      defer { broker.close() }
      let tier = place.topology.delay(try #require(place.topology.delays.tiers.last))
      let waiting: [(String, Queue)] = [
        ("delayed", .stockLedger), ("a poll job", .poll), ("a push job", .push), ("another", .push),
      ]
      for (id, queue) in waiting {
        try broker.publish(
          exchange: tier, routingKey: place.topology.name(queue), properties: Publishing(messageID: id),
          body: [])
      }
      try place.waitFor(waiting.count, in: tier, on: broker)
      let accounts = try Audit(place.desk, since: Self.time - .seconds(3_600)).accounts()
      let ledger = try #require(accounts.first { $0.queue == .stockLedger })
      #expect(ledger.missing.map(\.id) == ["lost"] && ledger.inFlight == 1)
      try place.waitFor(waiting.count, in: tier, on: broker)
    }
  }

  @Test func `what a killed desk had in hand is still dead`() async throws {
    try await Place.with { (place) throws in
      let connection = try place.openDatabase()
      try Self.publish(["a"], on: connection)
      for queue in [Queue.orderSync, .messaging] { try Self.effect(["a"], of: queue, on: connection) }
      try place.bury(["a"])
      try connection.query(
        """
        INSERT INTO dead_letter_actions (queue, message_id, action, generation, dead_at, actor)
        VALUES ('stock-ledger', 'a', 'requeue', 1, '2026-01-01T12:00:00Z', 'killed')
        """)
      let accounts = try Audit(place.desk, since: Self.time).accounts()
      #expect(accounts.first { $0.queue == .stockLedger }?.dead == 1)
      #expect(accounts.allSatisfy { $0.isBalanced })
    }
  }

  @Test func `an id with two effects is named`() async throws {
    try await Place.with { (place) throws in
      let connection = try place.openDatabase()
      try connection.query(
        """
        INSERT INTO inbox (consumer, event_time, message_id)
        SELECT 'stock-ledger', moment, 'twice' FROM unnest(ARRAY[now(), now() + interval '1 s']) AS m(moment)
        """)
      let accounts = try Audit(place.desk, since: .now() - .seconds(60)).accounts()
      #expect(accounts.first { $0.queue == .stockLedger }?.doubled == ["twice"])
      #expect(accounts.first { $0.queue == .stockLedger }?.isBalanced == false)
    }
  }

  @Test
  func `rule 30: what the broker can't hold is in excess, and nothing is accused while a worker may have it`()
  {
    #expect(Holding(ready: 0, unacked: 0, delayed: 0).excess(of: 3) == 3)
    #expect(Holding(ready: 1, unacked: 1, delayed: 0).excess(of: 3) == 1)
    #expect(Holding(ready: 5, unacked: 0, delayed: 0).excess(of: 3) == 0)
    #expect(Holding(ready: 1, unacked: nil, delayed: 0).excess(of: 3) == 0)
    #expect(Holding(ready: 0, unacked: nil, delayed: 0).excess(of: 3) == 3)
  }
}
