import Lane
import Postgres
import RabbitMQ
import TestServers
import Testing
import Topology

/// What a commit is worth before a standby has it. DESIGN.md's promise 1 must hold after a failover too.
@Suite(.enabled(if: PrivatePostgres.isPossible))
struct StandbyTests {
  @Test
  func `rule 36: a commit whose wait for the standby was cancelled is unknown, and nothing is acked on it`()
    async throws
  {
    try await Workbench.withoutStandby { bench, server in
      let (forwarder, url) = try Forwarder.toBroker()
      defer { forwarder.stop() }
      try bench.startLane(by: url)
      try bench.publish([("a", "a text")])
      var waiting: Int?
      #expect(try bench.eventually { try bench.isWaiting(after: nil, &waiting) })
      let first = try #require(waiting)
      try bench.connection.query("SELECT pg_cancel_backend($1::int)", [first])
      // The lane runs it again, finds its own effect, and waits again.
      #expect(try bench.eventually { try bench.isWaiting(after: first, &waiting) })
      #expect(try bench.effects() == ["a"])
      forwarder.cut()
      #expect(try bench.eventually { try bench.ready(bench.topology.name(.disputes)) == 1 }, "it was acked")
      try server.release()
      #expect(try bench.eventually { try bench.ready(bench.topology.name(.disputes)) == 0 })
      bench.stopLanes()
      #expect(try bench.effects() == ["a"])
      #expect(try bench.ready(bench.topology.name(.disputes)) == 0)
      #expect(try bench.ready(bench.topology.deadName(.disputes)) == 0)
    }
  }

  @Test func `rule 37: a batch of only duplicates waits for the standby as their effects did`() async throws {
    try await Workbench.withoutStandby { bench, server in
      var consumer = Recording()
      let message = Recording.Message(id: "a", text: "text")
      _ = try LaneTransaction.run(&consumer, [message], on: bench.connection)
      #expect(try bench.effects() == ["a"])
      try bench.startLane()
      try bench.publish([("a", "a text")])
      var waiting: Int?
      #expect(try bench.eventually { try bench.isWaiting(after: nil, &waiting) })
      try server.release()
      #expect(try bench.eventually { try !bench.isWaiting(after: nil, &waiting) })
      bench.stopLanes()
      #expect(try bench.ready(bench.topology.name(.disputes)) == 0)
      #expect(try bench.connection.query("SELECT FROM inbox").count == 1)
    }
  }
}

extension Workbench {
  /// Whether a lane's session, another than `earlier`, waits for the standby; notes which.
  fileprivate func isWaiting(after earlier: Int?, _ session: inout Int?) throws -> Bool {
    session = try connection.query(
      """
      SELECT pid::bigint FROM pg_stat_activity
       WHERE application_name = $1 AND wait_event = 'SyncRep' AND pid IS DISTINCT FROM $2::int
      """, [topology.namespace, earlier ?? 0]
    ).first?.int(0)
    return session != nil
  }
}
