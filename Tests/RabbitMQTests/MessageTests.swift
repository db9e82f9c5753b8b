import RabbitMQ
import TestServers
import Testing

struct MessageTests {
  @Test func `a message comes back with everything that its publisher gave it`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    let headers: [(String, HeaderValue)] = [
      ("x-text", "żółw"), ("x-number", 42), ("x-flag", true), ("x-empty", ""),
      ("x-table", .table(["a": .array([1, "two", .null])])), ("x-double", .double(2.5)),
      ("x-bytes", .bytes([0, 255])), ("x-time", .timestamp(1_767_268_800)),
    ]
    let properties = Publishing(
      messageID: "id-1", type: "order.created", appID: "tests", contentType: "application/json",
      timestamp: 1_767_268_800, headers: headers)
    try broker.connection.publish(
      exchange: "", routingKey: queue, properties: properties, body: Array("hello".utf8))
    try broker.connection.consume(queue, prefetch: 10, tag: "reader")

    let delivery = try broker.connection.awaitDelivery()
    #expect(delivery.messageID == "id-1")
    #expect(delivery.type == "order.created")
    #expect(delivery.appID == "tests")
    #expect(delivery.contentType == "application/json")
    #expect(delivery.timestamp == 1_767_268_800)
    #expect(delivery.exchange == "")
    #expect(delivery.routingKey == queue)
    #expect(delivery.consumerTag == "reader")
    #expect(!delivery.redelivered)
    #expect(delivery.tag == DeliveryTag(epoch: broker.connection.epoch, number: 1))
    #expect(delivery.withBody { Array($0) } == Array("hello".utf8))
    for (name, value) in headers { #expect(delivery.header(name) == value) }
    #expect(delivery.header("x-absent") == nil)
    #expect(delivery.headers.map(\.0).sorted() == headers.map(\.0).sorted())
    #expect(try broker.connection.ack(delivery.tag))
  }

  @Test(arguments: [0, 1, 131_063, 131_064, 131_065, 3_000_000])
  func `a body of any number of frames comes whole`(size: Int) throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try broker.publish(2, to: queue, body: body)
    try broker.connection.consume(queue, prefetch: 10)
    for _ in 1...2 {
      let delivery = try broker.connection.awaitDelivery()
      #expect(delivery.withBody { $0.elementsEqual(body) })
    }
  }

  @Test func `what a delivery carried can be published again`() throws {
    let broker = try TestBroker()
    let (source, target) = (try broker.queue("source"), try broker.queue("target"))
    var properties = Publishing(
      messageID: "id", type: "type", appID: "app", contentType: "text/plain", timestamp: 7,
      headers: [("x", 1)])
    properties.contentEncoding = "gzip"
    properties.correlationID = "correlation"
    properties.replyTo = "reply"
    try broker.connection.publish(exchange: "", routingKey: source, properties: properties, body: [1])
    try broker.connection.consume(source, prefetch: 1)
    try broker.connection.consume(target, prefetch: 1)
    let first = try broker.connection.awaitDelivery()
    try first.withBody { body in
      _ = try broker.connection.publish(
        exchange: "", routingKey: target, properties: Publishing(of: first, headers: first.headers),
        body: body)
    }
    let second = try broker.connection.awaitDelivery()
    #expect(second.routingKey == target)
    #expect(second.messageID == "id")
    #expect(second.type == "type")
    #expect(second.appID == "app")
    #expect(second.contentType == "text/plain")
    #expect(second.contentEncoding == "gzip")
    #expect(second.correlationID == "correlation")
    #expect(second.replyTo == "reply")
    #expect(second.timestamp == 7)
    #expect(second.header("x") == 1)
  }

  @Test func `an expired message does not arrive`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    try broker.connection.enableConfirms()
    var confirms = Confirms()
    for (id, expiration) in [("short", Duration.milliseconds(1)), ("long", .seconds(600))] {
      confirms.expect(
        try broker.connection.publish(
          exchange: "", routingKey: queue, properties: Publishing(messageID: id, expiration: expiration),
          body: []))
    }
    // Both are in the queue before it is looked at, so that one left is the one that did not expire.
    try eventually {
      if case .confirm(let confirm) = try broker.connection.next() { _ = confirms.settle(confirm) }
      return confirms.isEmpty
    }
    try eventually { try broker.connection.depth(of: queue)?.ready == 1 }
    try broker.connection.consume(queue, prefetch: 10)
    let delivery = try broker.connection.awaitDelivery()
    #expect(delivery.messageID == "long")
    #expect(delivery.expiration == "600000")
  }

  @Test func `what can't be encoded is refused, and the connection goes on`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    let long = String(repeating: "x", count: 256)
    let huge: HeaderValue = .text(String(repeating: "x", count: 200_000))
    for properties in [
      Publishing(messageID: long), Publishing(type: long), Publishing(headers: [(long, 1)]),
      Publishing(headers: [("x", huge)]),
    ] {
      #expect {
        try broker.connection.publish(exchange: "", routingKey: queue, properties: properties, body: [])
      } throws: { ($0 as? RabbitMQError)?.scope == .request }
    }
    #expect(throws: RabbitMQError.self) {
      try broker.connection.publish(exchange: "", routingKey: long, properties: Publishing(), body: [])
    }
    try broker.publish(1, to: queue)
    #expect(try broker.connection.depth(of: queue)?.ready == 1)
  }
}
