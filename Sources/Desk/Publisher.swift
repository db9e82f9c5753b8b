import RabbitMQ
import Readiness

/// Publishes to queues by name, and says which messages the broker has safe. Its connection is not that of a look:
/// while it waits for confirms it must not have to keep letters that arrive meanwhile.
final class Publisher {
  struct Message {
    var queue: String
    var properties: Publishing
    var body: [UInt8]
  }

  private let connection: Connection

  init(at brokers: [Address], authorities: String?) throws(RabbitMQError) {
    connection = try Connection.open(brokers, name: "crossdock desk", authorities: authorities)
    try connection.enableConfirms()
  }

  func close() { connection.close() }

  /// Answers, by index, which the broker has confirmed within 30 s; the others may or may not have gone.
  func publish(_ messages: [Message]) throws(RabbitMQError) -> Set<Int> {
    var confirms = Confirms()
    var waiting: [UInt64: Int] = [:]
    try connection.drain()
    for (index, message) in messages.enumerated() {
      let tag = try connection.publish(
        exchange: "", routingKey: message.queue, properties: message.properties, body: message.body)
      confirms.expect(tag, messageID: message.properties.messageID)
      waiting[tag] = index
    }
    var confirmed: Set<Int> = []
    let deadline = ContinuousClock.now + .seconds(30)
    while !confirms.isEmpty, .now < deadline {
      for settled in try nextSettled(&confirms) where settled.outcome == .confirmed {
        if let index = waiting[settled.tag] { confirmed.insert(index) }
      }
    }
    return confirmed
  }

  /// What the broker has said about publishes since; waits a moment when it has said nothing.
  private func nextSettled(_ confirms: inout Confirms) throws(RabbitMQError) -> [Confirms.Settled] {
    guard let incoming = try connection.next() else {
      _ = wait(for: [.readable(connection.socket)], timeout: .milliseconds(200))
      return []
    }
    if case .returned(let returned) = incoming { confirms.note(returned) }
    guard case .confirm(let confirm) = incoming else { return [] }
    return confirms.settle(confirm)
  }
}
