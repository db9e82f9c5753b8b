import RabbitMQ
import Readiness
import TestServers
import Testing
import Topology

struct BrokerTests {
  @Test func `what is applied has no drift, and applying again changes nothing`() throws {
    try withTopology { topology, connection in
      #expect(try topology.check(on: connection).count == topology.exchanges.count + topology.queues.count)
      try topology.apply(on: connection)
      #expect(try topology.check(on: connection).isEmpty)
      try topology.apply(on: connection)
      #expect(try topology.check(on: connection).isEmpty)
    }
  }

  @Test func `a missing queue and other arguments are drift, each by its name`() throws {
    try withTopology { topology, connection in
      try topology.apply(on: connection)
      try connection.deleteQueue(topology.name(.disputes))
      try connection.deleteQueue(topology.name(.poll))
      try connection.declareQueue(topology.name(.poll), arguments: ["x-queue-type": "quorum"])

      let drifts = try topology.check(on: connection)
      #expect(drifts.count == 2)
      #expect(drifts.contains(.missingQueue(topology.name(.disputes))))
      #expect(
        drifts.contains { if case .differentQueue(topology.name(.poll), _) = $0 { true } else { false } })
      #expect { try topology.apply(on: connection) } throws: { ($0 as? RabbitMQError)?.code == 406 }
    }
  }

  @Test func `a delayed message comes to the queue of its routing key`() throws {
    try withTopology { topology, connection in
      try topology.apply(on: connection)
      let target = topology.name(.push)
      try connection.consume(target, prefetch: 10)
      try connection.publish(
        exchange: topology.delay(topology.delays.tiers[0]), routingKey: target,
        properties: Publishing(messageID: "late"), body: [1])
      let delivery = try delivery(on: connection)
      #expect(delivery.messageID == "late")
      #expect(delivery.exchange == "")
      #expect(delivery.routingKey == target)
      #expect(delivery.header("x-death")?.array.first?["reason"]?.text == "expired")
      try connection.ack(delivery.tag)
    }
  }

  @Test func `a rejected message lands among the dead letters of its queue`() throws {
    try withTopology { topology, connection in
      try topology.apply(on: connection)
      try connection.consume(topology.name(.stockLedger), prefetch: 1)
      try connection.publish(
        exchange: topology.events, routingKey: "allegro.stock.topup",
        properties: Publishing(messageID: "poison"), body: [1])
      try connection.reject(try delivery(on: connection).tag, requeue: false)

      try connection.consume(topology.deadName(.stockLedger), prefetch: 1)
      let letter = try delivery(on: connection)
      #expect(letter.messageID == "poison")
      let death = letter.header("x-death")?.array.first
      #expect(death?["reason"]?.text == "rejected")
      #expect(death?["queue"]?.text == topology.name(.stockLedger))
      #expect(death?["routing-keys"]?.array == ["allegro.stock.topup"])
    }
  }

  @Test func `a message past the delivery limit lands among the dead letters`() throws {
    try withTopology { topology, connection in
      try topology.apply(on: connection)
      try connection.consume(topology.name(.poll), prefetch: 1)
      try connection.publish(
        exchange: topology.jobs, routingKey: topology.name(.poll),
        properties: Publishing(messageID: "crasher"), body: [1])
      for attempt in 0...topology.deliveryLimit {
        let delivery = try delivery(on: connection)
        #expect(delivery.header("x-delivery-count")?.integer ?? 0 == Int64(attempt))
        try connection.reject(delivery.tag, requeue: true)
      }
      try connection.consume(topology.deadName(.poll), prefetch: 1)
      let letter = try delivery(on: connection)
      #expect(letter.header("x-death")?.array.first?["reason"]?.text == "delivery_limit")
    }
  }

  @Test func `an event that nobody is bound to is kept among the unrouted`() throws {
    try withTopology { topology, connection in
      try topology.apply(on: connection)
      try connection.consume(topology.unrouted, prefetch: 1)
      try connection.publish(
        exchange: topology.events, routingKey: "allegro.nothing.known",
        properties: Publishing(messageID: "stray"), body: [1])
      #expect(try delivery(on: connection).routingKey == "allegro.nothing.known")
    }
  }

  private func withTopology(_ body: (Topology, Connection) throws -> Void) throws {
    let connection = try Connection.open(try Address.parse(try TestServers.amqpURL), name: "topology tests")
    defer { connection.close() }
    let topology = Topology(
      namespace: TestServers.uniqueName("topology"), delays: try Delays("100ms,1s"), deliveryLimit: 2)
    defer { try? topology.delete(on: connection) }
    try body(topology, connection)
  }

  private func delivery(on connection: Connection) throws -> Delivery {
    let deadline = ContinuousClock().now + .seconds(20)
    while ContinuousClock().now < deadline {
      if case .delivery(let delivery)? = try connection.next() { return delivery }
      if !connection.hasBufferedInput {
        _ = wait(for: [.readable(connection.socket)], timeout: .seconds(1))
      }
    }
    throw TookTooLong()
  }

  struct TookTooLong: Error {}
}
