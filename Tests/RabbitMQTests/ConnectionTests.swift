import RabbitMQ
import TestServers
import Testing

struct ConnectionTests {
  @Test func `a message comes back with everything that its publisher gave it`() throws {
    let broker = try TestBroker()
    let queue = try broker.queue()
    let headers: [(String, HeaderValue)] = [
      ("x-text", "żółw"), ("x-number", 42), ("x-flag", true),
      ("x-table", .table(["a": .array([1, "two", .null])])), ("x-double", .double(2.5)),
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
}
