import Outbox
import Postgres
import RabbitMQ
import TestServers
import Testing
import Time
import Topology

struct RelayTests {
  @Test func `rule 21: a row that commits after its successors is published all the same`() async throws {
    try await RelayBench.with { bench in
      try bench.startRelay()
      let slow = try Postgres.Connection.open(bench.database, name: "tests")
      try slow.begin()
      try Outbox.append(
        [
          OutboundMessage(
            route: .job(queue: "poll"), messageId: "first", type: "test", time: .epoch, body: [0x30])
        ], on: slow)
      try slow.query("SELECT 1")
      try bench.append("second")
      #expect(try bench.received(1) == ["second"])
      try slow.commit()
      #expect(try bench.received(1) == ["first"])
      #expect(try bench.eventually { try bench.packets("published_at IS NULL") == 0 })
    }
  }

  @Test func `rule 21: a message that comes back stays in the outbox until it has a queue`() async throws {
    try await RelayBench.with { bench in
      try bench.broker.deleteQueue(bench.queue)
      try bench.startRelay()
      try bench.append("homeless")
      #expect(try bench.eventually { try bench.packets("last_error LIKE '%homeless has no queue%'") == 1 })
      #expect(try bench.packets("published_at IS NULL") == 1)
      try bench.topology.apply(on: bench.broker)
      // As when the pause is over.
      try bench.connection.query("UPDATE outbox SET lease_until = NULL")
      #expect(try bench.received(1) == ["homeless"])
      #expect(try bench.eventually { try bench.packets("published_at IS NOT NULL") == 1 })
    }
  }

  @Test func `rule 21: a message that is too large fails its own transaction and no page of the relay`()
    async throws
  {
    try await RelayBench.with { bench in
      let error = #expect(throws: PostgresError.self) {
        try bench.append("giant", bytes: 17 * 1024 * 1024)
      }
      #expect(error?.kind == .data)
      try bench.append("next")
      try bench.startRelay()
      #expect(try bench.received(1) == ["next"])
      #expect(try bench.packets("true") == 1)
    }
  }

  @Test
  func `rule 21: a packet for which the broker closes the channel is put off, all others are published`()
    async throws
  {
    try await RelayBench.with { bench in
      let tier = try #require(bench.topology.delays.tiers.first)
      try bench.broker.deleteExchange(bench.topology.delay(tier))
      for number in 1...5 { try bench.append("\(number)") }
      try bench.append("bad", to: .delayedJob(queue: "poll", seconds: 1))
      for number in 6...10 { try bench.append("\(number)") }
      try bench.startRelay()
      #expect(try bench.eventually { try bench.packets("published_at IS NOT NULL") == 10 })
      #expect(try bench.packets("published_at IS NULL AND last_error LIKE '%NOT_FOUND%'") == 1)
      let received = Set(try bench.received(try bench.broker.depth(of: bench.queue)?.ready ?? 0))
      #expect(received == Set((1...10).map(String.init)))
    }
  }

  @Test func `rule 21: while the broker takes its time no transaction is open`() async throws {
    try await RelayBench.with { bench in
      let (forwarder, url) = try Forwarder.toBroker()
      defer { forwarder.stop() }
      let control = try bench.startRelay(by: url)
      #expect(try bench.eventually { control.isConnected })
      forwarder.allow(fromServer: 0)
      try bench.append("one")
      #expect(try bench.received(1) == ["one"])
      #expect(try bench.packets("published_at IS NULL AND lease_until IS NOT NULL") == 1)
      let states = try bench.connection.query(
        "SELECT DISTINCT state FROM pg_stat_activity WHERE application_name = $1", [bench.topology.namespace])
      #expect(states.map { $0.text(0) } == ["idle"])
      forwarder.allow(fromServer: .max)
      #expect(try bench.eventually { try bench.packets("published_at IS NOT NULL") == 1 })
    }
  }

  @Test func `promise 2: a relay that loses the broker gives its leases back, and another goes on at once`()
    async throws
  {
    try await RelayBench.with { bench in
      let (forwarder, url) = try Forwarder.toBroker()
      let control = try bench.startRelay(by: url)
      #expect(try bench.eventually { control.isConnected })
      forwarder.allow(fromServer: 0)
      try bench.append("one")
      #expect(try bench.received(1) == ["one"])
      forwarder.stop()
      // Left alone, the lease would last a minute.
      #expect(try bench.eventually { try bench.packets("lease_until IS NULL") == 1 })
      try bench.startRelay()
      #expect(try bench.received(1) == ["one"])
      #expect(try bench.eventually { try bench.packets("published_at IS NOT NULL") == 1 })
    }
  }
}
