package import RabbitMQ
import Readiness
package import Topology

/// Looks into one dead-letter queue without consuming it: takes letters unacked over a connection of its own and
/// closes it, whereupon the broker puts them back in their order.
///
/// Letters that are being looked at are hidden from others, and two looks at once would mix their order: an
/// exclusive queue on this very connection is the lock, so that lock and look end together (Rule 28).
package final class Browser {
  /// More fit into no prefetch, which is 16 bits wide.
  package static let mostLetters = 65_000

  private let connection: Connection
  private let topology: Topology
  private let queue: Queue
  private var consumerTag: String?
  /// What this look has taken, with the tags by which it can be settled.
  package private(set) var letters: [(tag: DeliveryTag, letter: DeadLetter)] = []

  private init(connection: Connection, topology: Topology, queue: Queue) {
    self.connection = connection
    self.topology = topology
    self.queue = queue
  }

  /// Opens a look at up to `limit` letters, the oldest first; nil when the queue is empty.
  ///
  /// - Throws: `DeskError` when another desk looks at the same queue.
  package static func open(
    _ queue: Queue, of topology: Topology, at brokers: [Address], authorities: String? = nil,
    limit: Int = mostLetters
  ) throws -> Browser? {
    let connection = try Connection.open(brokers, name: "crossdock desk", authorities: authorities)
    let browser = Browser(connection: connection, topology: topology, queue: queue)
    // An error lets go of the connection, and so of the lock and of all that was taken.
    try browser.lock()
    try browser.take(atMost: min(limit, mostLetters))
    return browser.letters.isEmpty ? nil : browser
  }

  /// Puts back all that is not settled.
  package func close() { connection.close() }

  /// Before anything else, since letters that another desk looks at are not counted as ready.
  private func lock() throws {
    let name = topology.deadName(queue)
    guard try connection.depth(of: name) != nil else {
      throw DeskError("the queue \(name) is missing: run `crossdock topology apply`")
    }
    guard try acquire(name + ".desk") else {
      throw DeskError("somebody else is looking at \(name): try again when they are done")
    }
  }

  /// False when somebody else has that queue.
  private func acquire(_ name: String) throws(RabbitMQError) -> Bool {
    do throws(RabbitMQError) {
      try connection.declareQueue(name, exclusive: true)
      return true
    } catch  where error.code == 405 && error.scope == .request {
      return false
    }
  }

  private func take(atMost limit: Int) throws(RabbitMQError) {
    let name = topology.deadName(queue)
    let count = min(try connection.depth(of: name)?.ready ?? 0, limit)
    guard count > 0 else { return }
    consumerTag = try connection.consume(name, prefetch: count)
    var patience = 50
    while letters.count < count, patience > 0 {
      if let delivery = try nextDelivery() {
        letters.append((tag: delivery.tag, letter: DeadLetter(delivery, queue: queue)))
        patience = 50
      } else {
        patience -= 1
      }
    }
  }

  /// The next delivery; waits a moment when there is none yet.
  private func nextDelivery() throws(RabbitMQError) -> Delivery? {
    guard let incoming = try connection.next() else {
      _ = wait(for: [.readable(connection.socket)], timeout: .milliseconds(200))
      return nil
    }
    if case .delivery(let delivery) = incoming { return delivery }
    return nil
  }

  // MARK: Taking letters out

  /// Publishes each to the queue it died in, and takes it out once the broker has confirmed. Answers which of
  /// them went; the others stay.
  func requeue(_ chosen: [(tag: DeliveryTag, letter: DeadLetter)]) throws -> Set<String> {
    if let consumerTag { try connection.cancel(consumerTag) }
    consumerTag = nil
    try connection.enableConfirms()
    var gone: Set<String> = []
    var rest = chosen[...]
    while !rest.isEmpty {
      gone.formUnion(try publish(rest.prefix(256)))
      rest = rest.dropFirst(256)
    }
    return gone
  }

  private func publish(_ page: ArraySlice<(tag: DeliveryTag, letter: DeadLetter)>) throws -> Set<String> {
    var confirms = Confirms()
    var waiting: [UInt64: (tag: DeliveryTag, letter: DeadLetter)] = [:]
    try connection.drain()
    for one in page {
      let publishing = one.letter.revived
      let tag = try connection.publish(
        exchange: "", routingKey: topology.name(queue), properties: publishing, body: one.letter.body)
      confirms.expect(tag, messageID: publishing.messageID)
      waiting[tag] = one
    }
    var gone: Set<String> = []
    let deadline = ContinuousClock.now + .seconds(30)
    while !confirms.isEmpty, ContinuousClock.now < deadline {
      for settled in try nextSettled(&confirms) where settled.outcome == .confirmed {
        guard let one = waiting[settled.tag] else { continue }
        try connection.ack(one.tag)
        gone.insert(one.letter.id)
      }
    }
    return gone
  }

  /// What the broker has said about publishes since; waits a moment when it has said nothing.
  private func nextSettled(_ confirms: inout Confirms) throws -> [Confirms.Settled] {
    guard let incoming = try connection.next() else {
      _ = wait(for: [.readable(connection.socket)], timeout: .milliseconds(200))
      return []
    }
    if case .returned(let returned) = incoming { confirms.note(returned) }
    guard case .confirm(let confirm) = incoming else { return [] }
    return confirms.settle(confirm)
  }
}
