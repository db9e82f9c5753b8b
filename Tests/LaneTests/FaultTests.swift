import Lane
import Postgres
import RabbitMQ
import TestServers
import Testing
import Topology

/// What a lane does while its servers fail.
struct FaultTests {
  @Test func `rule 16: a database that ends every transaction makes no delivery come back`() async throws {
    // Two returns would make a dead letter here.
    try await Workbench.with(deliveryLimit: 1) { bench in
      try bench.notingReturns()
      try bench.startLane()
      let blocker = try bench.blockingEffects()
      try bench.publish((0..<50).map { ("\($0)", "\($0) text") })
      var ended: Set<String> = []
      for round in 0..<8 {
        var waiting: (key: String, value: Int)?
        let isBack = try bench.eventually {
          waiting = try bench.waitingTransactions().first { !ended.contains($0.key) }
          return waiting != nil
        }
        let victim = try #require(waiting)
        #expect(isBack)
        ended.insert(victim.key)
        // By turns the session is lost, and only the transaction is.
        let end = round.isMultiple(of: 2) ? "pg_terminate_backend" : "pg_cancel_backend"
        try bench.connection.query("SELECT \(end)($1::int)", [victim.value])
      }
      try blocker.rollback()
      #expect(try bench.eventually { try bench.effects().count == 50 })
      bench.stopLanes()
      #expect(try bench.returns() <= 1)
      #expect(try bench.ready(bench.topology.name(.disputes)) == 0)
      #expect(try bench.ready(bench.topology.deadName(.disputes)) == 0)
    }
  }

  @Test func `rule 19: a crash between the publishing and the ack of a delay doubles the copy only`()
    async throws
  {
    try await Workbench.with(delays: "1h") { bench in
      let (forwarder, url) = try Forwarder.toBroker()
      defer { forwarder.stop() }
      try bench.startLane(failing: ["late"], by: url)
      let delay = "\(bench.topology.namespace).delay.1h"
      let blocker = try bench.blockingEffects()
      try bench.publish([("late", "late text")])
      // It is in the lane's hands; from now on no confirm reaches the lane.
      #expect(try bench.eventually { try !bench.waitingTransactions().isEmpty })
      forwarder.allow(fromServer: 0)
      try blocker.rollback()
      #expect(try bench.eventually { try bench.ready(delay) == 1 })
      forwarder.cut()
      forwarder.allow(fromServer: .max)
      #expect(try bench.eventually { try bench.ready(delay) == 2 })
      bench.stopLanes()
      // What the tier does when the time is over.
      let copies = try bench.take(2, from: delay)
      #expect(copies.map(\.messageID) == ["late", "late"])
      #expect(copies.map { $0.header(LetterHeader.attempts)?.integer } == [1, 1])
      try bench.publish(copies.map { _ in ("late", "late text") } + [("last", "last text")])
      try bench.startLane()
      #expect(try bench.eventually { try bench.effects() == ["late", "last"] })
      bench.stopLanes()
      #expect(try bench.connection.query("SELECT FROM inbox").count == 2)
      #expect(try bench.ready(bench.topology.name(.disputes)) == 0)
      #expect(try bench.ready(bench.topology.deadName(.disputes)) == 0)
    }
  }

  @Test func `rule 22: a queue that was deleted and declared again is consumed again`() async throws {
    try await Workbench.with { bench in
      let control = try bench.startLane()
      let queue = bench.topology.name(.disputes)
      try bench.publish([("before", "before text")])
      #expect(try bench.eventually { try bench.effects() == ["before"] })
      try bench.broker.deleteQueue(queue)
      try bench.topology.apply(on: bench.broker)
      try bench.publish([("after", "after text")])
      let isHandled = try bench.eventually { try bench.effects() == ["before", "after"] }
      let depth = try bench.broker.depth(of: queue)
      #expect(isHandled, "\(depth.debugDescription), the lane: \(control.state)")
    }
  }

  @Test func `promise 7: a letter whose dead queue is missing waits in hand, and its neighbours go on`()
    async throws
  {
    try await Workbench.with(deliveryLimit: 1) { bench in
      try bench.notingReturns()
      let control = try bench.startLane()
      let (queue, dead) = (bench.topology.name(.disputes), bench.topology.deadName(.disputes))
      try bench.broker.deleteQueue(dead)
      try bench.publish([("bad", "poison"), ("good", "good text")])
      #expect(try bench.eventually { try bench.effects() == ["good"] })
      #expect(
        try bench.eventually {
          if case .brokerAway(let why) = control.state { why.contains("topology apply") } else { false }
        })
      try bench.publish([("next", "next text")])
      #expect(try bench.eventually { try bench.effects() == ["good", "next"] })
      try bench.topology.apply(on: bench.broker)
      let letter = try #require(try bench.deadLetter(), "\(control.state)")
      #expect(letter.messageID == "bad")
      #expect(letter.header(LetterHeader.errorClass)?.text == "bad_event")
      #expect(try bench.eventually { control.state == .consuming })
      bench.stopLanes()
      #expect(try bench.returns() <= 1)
      #expect(try bench.ready(queue) == 0)
      #expect(try bench.ready(dead) == 0)
    }
  }
}

extension Workbench {
  /// From now on every message that comes back to a lane is noted: it is "in hand" before it is handled.
  ///
  /// One may come back without any fault: the broker returns what is on its way to a consumer that ends, and a lane
  /// begins another, with a larger prefetch, after its first message.
  fileprivate func notingReturns() throws {
    try connection.query("CREATE TABLE returned (body_hash bigint)")
    try connection.query(
      """
      CREATE FUNCTION note_return() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO returned VALUES (new.body_hash); RETURN new; END $$
      """)
    try connection.query(
      "CREATE TRIGGER note_return BEFORE INSERT ON in_hand FOR EACH ROW EXECUTE FUNCTION note_return()")
  }

  /// No effect can be written until this connection rolls back. Another one than the bench's own, which would see
  /// the same picture of the sessions until the end of its transaction.
  fileprivate func blockingEffects() throws -> Postgres.Connection {
    let blocker = try Postgres.Connection.open(
      database, name: "tests", settings: ["idle_in_transaction_session_timeout": "60s"])
    try blocker.begin()
    try blocker.query("SET LOCAL application_name = 'tests'")
    try blocker.query("LOCK TABLE effects IN ACCESS EXCLUSIVE MODE")
    return blocker
  }

  fileprivate func returns() throws -> Int { try connection.query("SELECT FROM returned").count }

  /// Takes so many messages out of a queue.
  fileprivate func take(_ count: Int, from queue: String) throws -> [Delivery] {
    let tag = try broker.consume(queue, prefetch: count)
    var taken: [Delivery] = []
    _ = try eventually {
      if case .delivery(let delivery) = try broker.next() {
        taken.append(delivery)
        try broker.ack(delivery.tag)
      }
      return taken.count == count
    }
    try broker.cancel(tag)
    return taken
  }
}
