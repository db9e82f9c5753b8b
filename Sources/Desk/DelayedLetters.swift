import RabbitMQ
import Topology

/// What waits in the delay queues, and for which queue: read without being taken out. Others don't see the letters
/// meanwhile, and what is over its time goes on its way afterwards.
struct DelayedLetters {
  /// Deeper delay queues are not read: whose letters they hold is unknown then.
  static let most = 10_000

  private(set) var ids: [Queue: Set<String>] = [:]
  /// How many letters are in queues that were not read.
  private(set) var unread = 0

  private let topology: Topology

  init(_ topology: Topology) { self.topology = topology }

  /// Adds what is there now.
  mutating func look(on connection: Connection) throws(RabbitMQError) {
    var unread = 0
    for tier in topology.delays.tiers {
      let name = topology.delay(tier)
      let count = try connection.depth(of: name)?.ready ?? 0
      if count > Self.most {
        unread += count
      } else if count > 0 {
        try read(count, from: name, on: connection)
      }
    }
    self.unread = max(self.unread, unread)
  }

  private mutating func read(
    _ count: Int, from name: String, on connection: Connection
  ) throws(RabbitMQError) {
    try connection.consume(name, prefetch: count)
    var seen = 0
    // Some may have left in time: then nothing comes any more.
    while seen < count, let delivery = try connection.nextDelivery(within: .milliseconds(500)) {
      seen += 1
      guard let queue = topology.queue(named: delivery.routingKey), let id = delivery.messageID else {
        continue
      }
      ids[queue, default: []].insert(id)
    }
    // Gives all of them back.
    try connection.reopenChannel()
  }
}
