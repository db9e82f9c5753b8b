import RabbitMQ
import Topology

/// A look into one dead-letter queue, from its oldest letter on: takes letters unacked, and gives back in their order
/// all that was not taken out. It holds no letter itself: a page that was read is the caller's, and memory stays
/// bounded however many letters there are. Others don't see letters that are being looked at.
final class Look {
  /// A letter with the tag by which it can be taken out.
  typealias Held = (tag: DeliveryTag, letter: DeadLetter)

  /// The most letters of a page, and about the most bytes.
  static let pageLength = 500
  static let pageBytes = 4 << 20

  private let connection: Connection
  private let queue: Queue
  private let name: String
  /// How many letters there were in the beginning.
  private let begun: Int
  /// The most letters that one consumer is given.
  private let longestStretch: Int
  private var stretch: Stretch?
  private var stretches = 0
  private var read = 0
  private var taken = 0

  /// What one consumer holds: a run of letters, and as a rule all of them. The broker puts what comes back behind what came
  /// back before and was not taken again: so their order stays, also when the desk is killed, if all are taken at once. Of
  /// more than 65,535 (Rule 27) whole runs come back, not always in their order when letters were taken out.
  private struct Stretch {
    let tag: String
    let capacity: Int
    /// How many letters were read before it.
    let start: Int
    var held = 0
    var isFull: Bool { held >= capacity }
  }

  /// On a connection of the desk's own that has the queue's lock; `begun` letters are there.
  init(
    _ queue: Queue, named name: String, begun: Int, longestStretch: Int, on connection: Connection
  ) {
    self.connection = connection
    self.queue = queue
    self.name = name
    self.begun = begun
    self.longestStretch = longestStretch
  }

  // MARK: Reading

  /// The next letters, in order; none at the end. What dies during the look may or may not be seen.
  func next() throws(RabbitMQError) -> [Held] {
    var page: [Held] = []
    var bytes = 0
    while page.count < Self.pageLength, bytes < Self.pageBytes, let delivery = try nextDelivery() {
      read += 1
      stretch?.held += 1
      let letter = DeadLetter(delivery, queue: queue)
      bytes += letter.body.count
      page.append((delivery.tag, letter))
    }
    return page
  }

  /// Past what there was in the beginning waits a moment only: letters of a desk that was killed come back late. Ends
  /// some time, however many die meanwhile.
  private func nextDelivery() throws(RabbitMQError) -> Delivery? {
    guard read < begun || (0 < read && read < 2 * begun + Self.pageLength) else { return nil }
    if stretch?.isFull != false {
      if read >= begun, try connection.depth(of: name)?.ready == 0 { return nil }
      try openStretch()
    }
    return try connection.nextDelivery(within: read < begun ? .seconds(10) : .milliseconds(30))
  }

  private func openStretch() throws(RabbitMQError) {
    if let stretch { try connection.cancel(stretch.tag) }
    stretches += 1
    let capacity = min(max(begun - read, Self.pageLength), longestStretch)
    let tag = "look-\(stretches < 10 ? "0" : "")\(stretches)"
    stretch = Stretch(tag: tag, capacity: capacity, start: read)
    try connection.consume(name, prefetch: capacity, tag: tag)
  }

  // MARK: Taking letters out

  /// Takes them out for good.
  func take(_ tags: [DeliveryTag]) throws(RabbitMQError) {
    for tag in tags { try connection.ack(tag) }
    taken += tags.count
    // A channel counts its deliveries from 1, as `read` does.
    if let start = stretch?.start { stretch?.held -= tags.count { $0.number > start } }
  }

  /// Gives the others back, and waits until they are there: the next look must find all of them. When the connection
  /// is lost the broker gives everything back by itself.
  func close() throws(RabbitMQError) {
    if let stretch { try connection.cancel(stretch.tag) }
    if taken > 0 { try connection.flushAcks(to: name) }
    let expected = (try connection.depth(of: name)?.ready ?? 0) + read - taken
    try connection.reopenChannel()
    let deadline = ContinuousClock.now + .seconds(10)
    while try connection.depth(of: name)?.ready ?? 0 < expected, .now < deadline {}
  }
}
