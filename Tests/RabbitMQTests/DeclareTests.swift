import RabbitMQ
import TestServers
import Testing

struct DeclareTests {
  @Test func `a queue's depth is exact, and an absent queue has none`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    #expect(try broker.connection.depth(of: queue) == Depth(ready: 0, consumers: 0))
    try broker.publish(7, to: queue)
    #expect(try broker.connection.depth(of: queue) == Depth(ready: 7, consumers: 0))
    #expect(try broker.connection.depth(of: broker.name + ".absent") == nil)
    #expect(try broker.connection.purge(queue) == 7)
    #expect(try broker.connection.depth(of: queue)?.ready == 0)
  }

  @Test func `a refused request costs neither consumers nor confirms`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.connection.enableConfirms()
    try broker.connection.consume(queue, prefetch: 10)
    let tag = try broker.connection.publish(
      exchange: "", routingKey: queue, properties: Publishing(messageID: "kept"), body: [1])
    for _ in 1...3 {
      #expect(try broker.connection.depth(of: broker.name + ".absent") == nil)
      #expect(try !broker.connection.exchangeExists(broker.name + ".absent"))
      let error = try #require(throws: RabbitMQError.self) {
        try broker.connection.declareQueue(
          queue, arguments: ["x-queue-type": "quorum", "x-delivery-limit": 9])
      }
      #expect(error.code == 406)
      #expect(error.scope == .request)
      #expect(error.description.contains(queue))
    }
    var (delivered, confirmed) = (false, false)
    while !delivered || !confirmed {
      switch try broker.connection.arrival() {
      case .delivery(let delivery):
        #expect(delivery.messageID == "kept")
        delivered = try broker.connection.ack(delivery.tag)
      case .confirm(let confirm): confirmed = confirm.tag == tag
      default: break
      }
    }
  }

  @Test func `a bound queue gets what is published, an unbound one nothing`() throws {
    let broker = try TestBroker()
    let (queue, exchange) = (try broker.queue(), broker.name)
    try broker.connection.declareExchange(exchange, kind: .topic)
    defer { try? broker.connection.deleteExchange(exchange) }
    #expect(try broker.connection.exchangeExists(exchange))
    func publish() throws -> Bool {
      try broker.connection.enableConfirms()
      try broker.connection.publish(
        exchange: exchange, routingKey: "a.b", properties: Publishing(messageID: "m"), body: [])
      var wasReturned = false
      while true {
        switch try broker.connection.arrival() {
        case .returned: wasReturned = true
        case .confirm: return !wasReturned
        default: break
        }
      }
    }
    #expect(try !publish())
    try broker.connection.bind(queue: queue, exchange: exchange, routingKey: "a.*")
    #expect(try publish())
    try broker.connection.unbind(queue: queue, exchange: exchange, routingKey: "a.*")
    #expect(try !publish())
  }

  @Test func `an exclusive queue is a lock that goes with its connection`() throws {
    let broker = try TestBroker()
    let lock = broker.name + ".lock"
    let holder = try TestBroker.open()
    try holder.declareQueue(lock, exclusive: true)
    let error = try #require(throws: RabbitMQError.self) {
      try broker.connection.declareQueue(lock, exclusive: true)
    }
    #expect(error.code == 405)
    #expect(error.isRetriable)
    holder.close()
    try eventually { (try? broker.connection.declareQueue(lock, exclusive: true)) != nil }
  }

  @Test func `deleting what is not there is no error`() throws {
    let broker = try TestBroker()
    #expect(try broker.connection.deleteQueue(broker.name + ".absent") == 0)
    try broker.connection.deleteExchange(broker.name + ".absent")
  }
}
