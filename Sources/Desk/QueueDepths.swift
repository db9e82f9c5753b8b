package import JSON
package import RabbitMQ
package import Topology

/// The figures of one queue. nil is unknown, never 0.
package struct QueueDepth: Sendable, Equatable {
  /// nil for the queue of unrouted events.
  package var queue: Queue?
  package var name: String
  package var ready: Int?
  package var unacked: Int?
  package var consumers: Int?
  /// Messages a second.
  package var inRate: Double?
  package var outRate: Double?
  package var dead: Int?

  /// Seconds until it is empty at the present pace; nil when unknown or never.
  package var secondsToDrain: Double? {
    guard let ready, let outRate else { return nil }
    if ready == 0 { return 0 }
    let pace = outRate - (inRate ?? 0)
    return pace > 0 ? Double(ready) / pace : nil
  }

  package var json: JSON {
    [
      "queue": .string(name), "ready": number(ready), "unacked": number(unacked),
      "consumers": number(consumers), "in_per_second": number(inRate), "out_per_second": number(outRate),
      "oldest_age_seconds": .null, "dead_letters": number(dead), "seconds_to_drain": number(secondsToDrain),
    ]
  }

  private func number(_ value: Int?) -> JSON { value.map { .integer($0) } ?? .null }
  private func number(_ value: Double?) -> JSON { value.map { .init(floatLiteral: $0) } ?? .null }
}

extension Topology {
  /// Ready messages, consumers and dead letters of every work queue, exact as of now, over AMQP alone.
  package func depths(on connection: Connection) throws(RabbitMQError) -> [QueueDepth] {
    var depths: [QueueDepth] = []
    for queue in Queue.allCases {
      let work = try connection.depth(of: name(queue))
      let dead = try connection.depth(of: deadName(queue))
      depths.append(
        QueueDepth(
          queue: queue, name: name(queue), ready: work?.ready, consumers: work?.consumers, dead: dead?.ready))
    }
    let unrouted = try connection.depth(of: self.unrouted)
    depths.append(QueueDepth(name: self.unrouted, ready: unrouted?.ready, consumers: unrouted?.consumers))
    return depths
  }
}
