import RabbitMQ
import Readiness
import TestServers

/// A connection to the tests' broker, with names of its own.
final class TestBroker {
  let connection: Connection
  let name = TestServers.uniqueName("rabbitmq")

  init() throws {
    connection = try Self.open(name: name)
  }

  static func open(name: String = "tests", heartbeat: Int = 30) throws -> Connection {
    try Connection.open(
      try Address.parse(try TestServers.amqpURL), name: name, heartbeat: heartbeat, timeout: .seconds(10))
  }

  /// Deletes what the test made.
  deinit {
    for queue in queues { _ = try? connection.deleteQueue(queue) }
    connection.close()
  }

  private var queues: [String] = []

  /// Makes a quorum queue that goes with the test.
  func queue(_ suffix: String = "queue", arguments: [String: HeaderValue] = [:]) throws -> String {
    let queue = "\(name).\(suffix)"
    try connection.declareQueue(
      queue, arguments: arguments.merging(["x-queue-type": "quorum"]) { mine, _ in mine })
    queues.append(queue)
    return queue
  }

  func publish(_ count: Int, to queue: String, body: [UInt8] = [1, 2, 3]) throws {
    try connection.enableConfirms()
    var confirms = Confirms()
    for number in 1...count {
      let id = "m\(number)"
      let tag = try connection.publish(
        exchange: "", routingKey: queue, properties: Publishing(messageID: id), body: body)
      confirms.expect(tag, messageID: id)
    }
    while !confirms.isEmpty {
      if case .confirm(let confirm) = try connection.arrival() { _ = confirms.settle(confirm) }
    }
  }
}

/// Asks again until it is so; a queue learns of a closed channel in its own time.
func eventually(_ isSo: () throws -> Bool) throws {
  let deadline = ContinuousClock().now + .seconds(20)
  while try !isSo() {
    guard ContinuousClock().now < deadline else { throw TookTooLong() }
  }
}

struct TookTooLong: Error {}

extension Connection {
  /// The next thing that arrives, waited for.
  func arrival(within limit: Duration = .seconds(20)) throws -> Incoming {
    let deadline = ContinuousClock().now + limit
    while true {
      if let incoming = try next() { return incoming }
      let left = deadline - ContinuousClock().now
      guard left > .zero else { throw TookTooLong() }
      _ = wait(for: [.readable(socket)], timeout: min(left, .seconds(1)))
    }
  }

  func awaitDelivery() throws -> Delivery {
    while true {
      if case .delivery(let delivery) = try arrival() { return delivery }
    }
  }
}
