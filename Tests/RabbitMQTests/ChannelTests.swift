import RabbitMQ
import TestServers
import Testing

struct ChannelTests {
  @Test func `confirms and deliveries interleave, and none is lost`() throws {
    let broker = try TestBroker()
    let (source, target) = (try broker.queue("source"), try broker.queue("target"))
    let count = 3000
    try broker.publish(count, to: source)
    try broker.connection.consume(source, prefetch: 200)
    var (confirms, forwarded) = (Confirms(), Set<String>())
    while forwarded.count < count || !confirms.isEmpty {
      switch try broker.connection.arrival() {
      case .delivery(let delivery):
        let id = try #require(delivery.messageID)
        #expect(forwarded.insert(id).inserted)
        if forwarded.count.isMultiple(of: 50) { #expect(try broker.connection.depth(of: source) != nil) }
        try broker.connection.drain()
        let tag = try broker.connection.publish(
          exchange: "", routingKey: target, properties: Publishing(messageID: id), body: [1])
        confirms.expect(tag, messageID: id)
        try broker.connection.ack(delivery.tag)
      case .confirm(let confirm): _ = confirms.settle(confirm)
      default: break
      }
    }
    #expect(try broker.connection.depth(of: target)?.ready == count)
    #expect(try broker.connection.depth(of: source)?.ready == 0)
  }

  @Test func `a mandatory message that nobody is bound for comes back before its confirm`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.connection.enableConfirms()
    var (confirms, outcomes) = (Confirms(), [String: Confirms.Outcome]())
    for (id, key) in [("good", queue), ("lost", broker.name + ".nowhere")] {
      let tag = try broker.connection.publish(
        exchange: "", routingKey: key, properties: Publishing(messageID: id), body: [1, 2])
      confirms.expect(tag, messageID: id)
    }
    while !confirms.isEmpty {
      switch try broker.connection.arrival() {
      case .returned(let returned):
        #expect(returned.routingKey == broker.name + ".nowhere")
        confirms.note(returned)
      case .confirm(let confirm):
        for settled in confirms.settle(confirm) { outcomes[settled.messageID ?? ""] = settled.outcome }
      default: break
      }
    }
    #expect(outcomes == ["good": .confirmed, "lost": .unroutable(code: 312, text: "NO_ROUTE")])
  }

  @Test func `a queue deleted by another says so to its consumer`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.connection.consume(queue, prefetch: 1, tag: "bereft")
    let other = try TestBroker.open()
    defer { other.close() }
    try other.deleteQueue(queue)
    guard case .cancelled(consumerTag: "bereft") = try broker.connection.arrival() else {
      Issue.record("no word of the end of the queue")
      return
    }
  }

  @Test func `a multiple ack settles all up to it and no more`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.publish(5, to: queue)
    try broker.connection.consume(queue, prefetch: 10)
    let deliveries = try (1...5).map { _ in try broker.connection.awaitDelivery() }
    try broker.connection.ack(deliveries[2].tag, multiple: true)
    try broker.connection.reopenChannel()
    try broker.connection.consume(queue, prefetch: 10)
    let again = try (1...2).map { _ in try broker.connection.awaitDelivery() }
    #expect(again.map(\.messageID) == ["m4", "m5"])
    #expect(again.map(\.redelivered) == [true, true])
  }

  @Test func `a message given back comes again, counted`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.publish(1, to: queue)
    try broker.connection.consume(queue, prefetch: 10)
    try broker.connection.reject(try broker.connection.awaitDelivery().tag, requeue: true)
    let again = try broker.connection.awaitDelivery()
    #expect(again.redelivered)
    #expect(again.header("x-delivery-count")?.integer == 1)
  }

  @Test func `a cancelled consumer's deliveries can still be settled`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.publish(3, to: queue)
    let tag = try broker.connection.consume(queue, prefetch: 2)
    let first = try broker.connection.awaitDelivery()
    try broker.connection.cancel(tag)
    let second = try broker.connection.awaitDelivery()
    try broker.connection.ack(second.tag, multiple: true)
    #expect(first.tag < second.tag)
    try broker.connection.reopenChannel()
    try eventually { try broker.connection.depth(of: queue) == Depth(ready: 1, consumers: 0) }
  }

  @Test func `after a channel's end the next one works, and old tags settle nothing on it`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.publish(2, to: queue)
    try broker.connection.consume(queue, prefetch: 1)
    let stale = try broker.connection.awaitDelivery()
    try broker.connection.ack(DeliveryTag(epoch: broker.connection.epoch, number: 99))
    let error = try #require(throws: RabbitMQError.self) {
      while true { _ = try broker.connection.arrival() }
    }
    #expect(error.scope == .channel)
    #expect(error.code == 406)
    #expect(throws: error) { try broker.connection.ack(stale.tag) }
    #expect(!broker.connection.isUsable)

    let epoch = broker.connection.epoch
    try broker.connection.reopenChannel()
    #expect(broker.connection.epoch != epoch)
    #expect(try !broker.connection.ack(stale.tag))
    #expect(try !broker.connection.reject(stale.tag, requeue: true))
    try broker.connection.consume(queue, prefetch: 10)
    #expect(try (1...2).map { _ in try broker.connection.awaitDelivery().messageID } == ["m1", "m2"])
    try broker.publish(1, to: queue)
  }

  @Test func `a consumer of a queue that is not there costs the channel only`() throws {
    let broker = try TestBroker()
    let error = try #require(throws: RabbitMQError.self) {
      try broker.connection.consume(broker.name + ".absent", prefetch: 1)
    }
    #expect(error.code == 404)
    #expect(error.scope == .channel)
    try broker.connection.reopenChannel()
    try broker.publish(1, to: try broker.queue())
  }

  @Test func `what arrived before the end of a channel is given first`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.publish(3, to: queue)
    try broker.connection.consume(queue, prefetch: 3)
    try eventually { try broker.connection.depth(of: queue)?.ready == 0 }
    #expect(throws: RabbitMQError.self) {
      try broker.connection.consume(broker.name + ".absent", prefetch: 1)
    }
    #expect(try (1...3).map { _ in try broker.connection.awaitDelivery().messageID } == ["m1", "m2", "m3"])
    #expect(throws: RabbitMQError.self) { try broker.connection.next() }
  }
}
