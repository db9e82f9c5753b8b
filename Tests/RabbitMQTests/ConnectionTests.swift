import Foundation
import RabbitMQ
import Readiness
import TestServers
import Testing

struct ConnectionTests {
  @Test func `the first broker that answers is taken`() throws {
    let list = "amqp://127.0.0.1:1,\(try TestServers.amqpURL)"
    let connection = try Connection.open(try Address.parse(list), name: "second choice")
    #expect(connection.address.port != 1)
    connection.close()
    #expect(!connection.isUsable)
    #expect(connection.socket == -1)
    #expect(throws: RabbitMQError.self) { try connection.next() }
    connection.close()
  }

  @Test func `nobody there may be there later`() throws {
    let error = try #require(throws: RabbitMQError.self) {
      try Connection.open(try Address.parse("amqp://u:secret@127.0.0.1:1"), name: "tests")
    }
    #expect(error.isRetriable)
    #expect(error.scope == .connection)
    #expect(error.description.contains("127.0.0.1:1"))
    #expect(!error.description.contains("secret"))
  }

  @Test func `a wrong password stays wrong, and a missing virtual host missing`() throws {
    var address = try Address.parse(try TestServers.amqpURL)[0]
    address.password = "secret"
    let refused = try #require(throws: RabbitMQError.self) { try Connection.open([address], name: "tests") }
    #expect(!refused.isRetriable)
    #expect(refused.code == 403)
    #expect(!refused.description.contains("secret"))

    address = try Address.parse(try TestServers.amqpURL)[0]
    address.virtualHost = "nowhere"
    let missing = try #require(throws: RabbitMQError.self) { try Connection.open([address], name: "tests") }
    #expect(!missing.isRetriable)
    #expect(missing.code == 530)
  }

  @Test func `a cut connection is an error that may pass, and the messages come again on the next`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.publish(1, to: queue)
    let (forwarder, connection) = try forwarded()
    defer { forwarder.stop() }
    try connection.consume(queue, prefetch: 1)
    #expect(try connection.awaitDelivery().redelivered == false)
    forwarder.cut()
    let error = try #require(throws: RabbitMQError.self) { while true { _ = try connection.arrival() } }
    #expect(error.scope == .connection)
    #expect(error.isRetriable)
    #expect(connection.socket == -1)
    #expect(throws: error) { try connection.reopenChannel() }
    connection.close()

    try broker.connection.consume(queue, prefetch: 1)
    #expect(try broker.connection.awaitDelivery().redelivered)
  }

  @Test func `a delivery of one connection settles nothing on another`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.publish(2, to: queue)
    let other = try TestBroker.open()
    defer { other.close() }
    try other.consume(queue, prefetch: 1)
    let stranger = try other.awaitDelivery().tag
    try broker.connection.consume(queue, prefetch: 1)
    let own = try broker.connection.awaitDelivery().tag
    #expect(stranger.number == own.number)
    #expect(try !broker.connection.ack(stranger))
    #expect(try broker.connection.ack(own))
  }

  @Test func `a message of which only a part has come blocks nobody`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    let (forwarder, connection) = try forwarded()
    defer { forwarder.stop() }
    try connection.consume(queue, prefetch: 1)
    forwarder.allow(fromServer: 300_000)
    let body = [UInt8](repeating: 7, count: 1_000_000)
    try broker.publish(1, to: queue, body: body)
    let clock = ContinuousClock()
    let start = clock.now
    while clock.now < start + .milliseconds(200) {
      let ready = wait(for: [.readable(connection.socket)], timeout: .milliseconds(20))
      if !ready.isEmpty { #expect(try connection.next() == nil) }
    }
    #expect(clock.now < start + .seconds(5))
    forwarder.allow(fromServer: .max)
    #expect(try connection.awaitDelivery().withBody { $0.elementsEqual(body) })
    connection.close()
  }

  @Test func `a broker that falls silent is found out by its heartbeat, and publishing does not hang`() throws
  {
    let broker = try TestBroker()
    let queue = try broker.queue()
    let (forwarder, connection) = try forwarded(heartbeat: 1)
    defer { forwarder.stop() }
    forwarder.allow(fromServer: 0)
    let error = try #require(throws: RabbitMQError.self) {
      while true {
        try connection.drain()
        try connection.publish(exchange: "", routingKey: queue, properties: Publishing(), body: [1])
        _ = wait(for: [.readable(connection.socket)], timeout: .milliseconds(300))
      }
    }
    #expect(error.scope == .connection)
    #expect(error.isRetriable)
    connection.close()
  }

  @Test func `a broker that answers no request is given up in time`() throws {
    let (forwarder, connection) = try forwarded(timeout: .milliseconds(300))
    defer { forwarder.stop() }
    forwarder.allow(fromServer: 0)
    let error = try #require(throws: RabbitMQError.self) { try connection.depth(of: "any") }
    #expect(error.scope == .connection)
    connection.close()
  }

  @Test func `twenty thousand messages leave the memory flat`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.publish(1000, to: queue, body: [UInt8](repeating: 65, count: 512))
    try broker.connection.consume(queue, prefetch: 100)
    var before = 0
    for round in 1...20 {
      for number in 1...1000 {
        let delivery = try broker.connection.awaitDelivery()
        if number.isMultiple(of: 50) {
          try broker.connection.nack(delivery.tag, multiple: true, requeue: true)
        }
      }
      if round == 3 { before = residentPages() }
    }
    let grown = (residentPages() - before) * Int(getpagesize())
    #expect(grown < 10 << 20, "grew by \(grown) bytes")
  }

  private func residentPages() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    return text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  }

  private func forwarded(
    heartbeat: Int = 30, timeout: Duration = .seconds(10)
  ) throws -> (Forwarder, Connection) {
    var address = try Address.parse(try TestServers.amqpURL)[0]
    let forwarder = try Forwarder(to: address.port)
    address.host = "localhost"
    address.port = forwarder.port
    return (
      forwarder, try Connection.open([address], name: "forwarded", heartbeat: heartbeat, timeout: timeout)
    )
  }
}
