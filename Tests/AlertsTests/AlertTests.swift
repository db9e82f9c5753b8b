import Alerts
import AsyncHTTPClient
import NIOConcurrencyHelpers
import Postgres
import TestServers
import Testing

struct AlertRuleTests {
  @Test func `figures that are fine, or unknown, are worth no alert`() {
    var figures = Figures()
    figures.queues = [
      .init(name: "crossdock.poll", ready: 10, consumers: 1, dead: 0),
      .init(name: "crossdock.push", ready: nil, consumers: nil, dead: nil),
    ]
    figures.outboxPackets = 5
    figures.outboxSeconds = 2
    #expect(AlertRules.standard.alerts(for: figures).isEmpty)
  }

  @Test func `each thing that is wrong is an alert of its own`() {
    var figures = Figures()
    figures.queues = [
      .init(name: "crossdock.poll", ready: 10_001, consumers: 0, dead: 3),
      .init(name: "crossdock.push", ready: 10_000, consumers: 1, dead: 1),
    ]
    figures.outboxPackets = 5
    figures.outboxSeconds = 61
    figures.openBreakers = [
      .init(connectionId: "c-1", platform: "allegro", name: "main", errorClass: "unauthorised")
    ]
    figures.oversold = [.init(id: 7, sku: "SKU-1", marketplaceId: 2, onHand: -3)]
    let keys = AlertRules.standard.alerts(for: figures).map(\.key)
    #expect(
      keys == [
        "dead_letters/crossdock.poll", "backlog/crossdock.poll", "dead_letters/crossdock.push", "outbox_age",
        "breaker_open/c-1/unauthorised", "oversold/7",
      ])
  }
}

struct WatchmanTests {
  /// What the receiver was given, and how often it refuses before.
  final class Receiver: Sendable {
    let texts = NIOLockedValueBox<[String]>([])
    let refusals: NIOLockedValueBox<Int>

    init(refusals: Int = 0) { self.refusals = .init(refusals) }

    func take(_ entry: AlertBook.Entry) throws {
      let isRefused = refusals.withLockedValue { left in
        defer { left -= 1 }
        return left > 0
      }
      if isRefused { throw AlertReceiver.Refusal("it answered 500") }
      texts.withLockedValue { $0.append(entry.text) }
    }

    var count: Int { texts.withLockedValue(\.count) }
  }

  private static func watchman(
    _ database: Database, dead: NIOLockedValueBox<Int>, to receiver: Receiver, calm: Duration = .zero
  ) -> Watchman {
    Watchman(
      database: database,
      queues: {
        [.init(name: "crossdock.poll", ready: 0, consumers: 1, dead: dead.withLockedValue { $0 })]
      }, post: { try receiver.take($0) }, calm: calm, logger: TestServers.silence)
  }

  @Test func `an occurrence is told once by any number of processes, and again when it comes back`()
    async throws
  {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 4) { database in
        let (dead, receiver) = (NIOLockedValueBox(2), Receiver())
        let watchmen = (1...3).map { _ in Self.watchman(database, dead: dead, to: receiver) }
        try await withThrowingTaskGroup(of: Void.self) { group in
          for watchman in watchmen { group.addTask { try await watchman.look() } }
          try await group.waitForAll()
        }
        for watchman in watchmen { try await watchman.look() }
        #expect(receiver.count == 1)
        dead.withLockedValue { $0 = 0 }
        try await watchmen[0].look()
        dead.withLockedValue { $0 = 5 }
        try await watchmen[1].look()
        #expect(receiver.count == 2)
      }
    }
  }

  @Test func `what comes and goes within the calm is one occurrence`() async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase { database in
        let (dead, receiver) = (NIOLockedValueBox(2), Receiver())
        let watchman = Self.watchman(database, dead: dead, to: receiver, calm: .seconds(600))
        for count in [2, 0, 3, 0, 4] {
          dead.withLockedValue { $0 = count }
          try await watchman.look()
        }
        #expect(receiver.count == 1)
      }
    }
  }

  @Test func `an alert that its receiver refuses is sent by whoever looks when its lease is over`()
    async throws
  {
    try await TestDatabase.with { test in
      try await test.withDatabase { database in
        let (dead, receiver) = (NIOLockedValueBox(2), Receiver(refusals: 1))
        let watchman = Self.watchman(database, dead: dead, to: receiver)
        try await watchman.look()
        #expect(receiver.count == 0)
        try await database.withConnection { _ = try $0.query("UPDATE alerts SET lease_until = now()") }
        try await watchman.look()
        #expect(receiver.count == 1)
      }
    }
  }

  @Test func `the database's side is read: the outbox, breakers, stock below zero`() async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase { database in
        let figures = try await database.withConnection { connection in
          try connection.query(
            """
            WITH c AS (
              INSERT INTO platform_connections (user_id, platform, name, base_url)
              VALUES ('u', 'allegro', 'main', 'http://x') RETURNING id
            ), v AS (INSERT INTO variations (user_id, sku) VALUES ('u', 'A') RETURNING id),
            s AS (INSERT INTO marketplace_stock (variation_id, marketplace_id, on_hand) SELECT id, 1, -2 FROM v)
            INSERT INTO breakers (connection_id, error_class, open_until) SELECT id, 'network', now() FROM c
            """)
          try connection.query(
            "INSERT INTO outbox (created_at, count, messages) VALUES (now() - interval '90 seconds', 1, 'x')")
          return try Figures.read(on: connection)
        }
        #expect(figures.outboxPackets == 1 && (figures.outboxSeconds ?? 0) >= 90)
        #expect(figures.openBreakers.map(\.errorClass) == ["network"])
        #expect(figures.oversold.map(\.onHand) == [-2])
        #expect(figures.connections.map(\.count) == [1])
      }
    }
  }
}
