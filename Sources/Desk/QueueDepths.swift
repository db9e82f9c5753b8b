package import JSON
import Lane
package import RabbitMQ
package import Time
package import Topology

/// Half, nine of ten, and ninety-nine of a hundred were done within so many seconds.
package struct Percentiles: Sendable, Equatable {
  package var half: Double
  package var ninety: Double
  package var ninetyNine: Double

  /// nil when nothing was measured.
  init?(_ histogram: TimeHistogram) {
    guard let half = histogram.percentile(0.5), let ninety = histogram.percentile(0.9),
      let ninetyNine = histogram.percentile(0.99)
    else { return nil }
    self.half = half
    self.ninety = ninety
    self.ninetyNine = ninetyNine
  }

  var json: JSON {
    [
      "p50": .init(floatLiteral: half), "p90": .init(floatLiteral: ninety),
      "p99": .init(floatLiteral: ninetyNine),
    ]
  }
}

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
  /// How long the oldest message has waited, in seconds; nil also when none waits.
  package var oldestAge: Double?
  /// What a batch takes from the lane's hands to its commit.
  package var handling: Percentiles?
  /// From the publish to the commit.
  package var endToEnd: Percentiles?
  /// When `ready` was asked.
  package var at = ContinuousClock.now

  package init(queue: Queue? = nil, name: String, ready: Int? = nil, consumers: Int? = nil, dead: Int? = nil)
  {
    self.queue = queue
    self.name = name
    self.ready = ready
    self.consumers = consumers
    self.dead = dead
  }

  /// Seconds until it is empty at the present pace, with what is known to be in hand; nil when unknown or never.
  package var secondsToDrain: Double? {
    guard let waiting = ready.map({ $0 + (unacked ?? 0) }) else { return nil }
    if waiting == 0 { return unacked == nil && outRate == nil ? nil : 0 }
    guard let outRate, let inRate else { return nil }
    let pace = outRate - inRate
    return pace > 0 ? Double(waiting) / pace : nil
  }

  /// Adds what the lanes have measured. The oldest that waits was published about when the newest was that a lane
  /// has been given, since a queue is worked off from its front.
  package mutating func complete(with times: ServiceTimes, at now: Timestamp) {
    if times.lanes > 0 { outRate = times.rate }
    handling = Percentiles(times.handling)
    endToEnd = Percentiles(times.endToEnd)
    if let ready, ready > 0, let last = times.lastPublishedAt {
      oldestAge = max(0, (now - last) / .seconds(1))
    }
  }

  /// What came in since the earlier look: what went out, and what is there more than then.
  package mutating func complete(since earlier: QueueDepth) {
    guard let outRate, let ready, let before = earlier.ready else { return }
    let seconds = (at - earlier.at) / .seconds(1)
    guard seconds > 0.1 else { return }
    inRate = max(0, outRate + Double(ready - before) / seconds)
  }

  package var json: JSON {
    [
      "queue": .string(name), "ready": number(ready), "unacked": number(unacked),
      "consumers": number(consumers), "in_per_second": number(inRate), "out_per_second": number(outRate),
      "oldest_age_seconds": number(oldestAge), "dead_letters": number(dead),
      "seconds_to_drain": number(secondsToDrain), "handling_seconds": handling?.json ?? .null,
      "end_to_end_seconds": endToEnd?.json ?? .null,
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
      let work = try depth(of: name(queue), on: connection)
      let dead = try connection.depth(of: deadName(queue))
      depths.append(
        QueueDepth(
          queue: queue, name: name(queue), ready: work?.ready, consumers: work?.consumers, dead: dead?.ready))
    }
    let unrouted = try connection.depth(of: self.unrouted)
    depths.append(QueueDepth(name: self.unrouted, ready: unrouted?.ready, consumers: unrouted?.consumers))
    return depths
  }

  /// A busy leader of RabbitMQ 3.10 sometimes says that nothing is there and nobody consumes: such an answer is
  /// believed the second time.
  private func depth(of name: String, on connection: Connection) throws(RabbitMQError) -> Depth? {
    let first = try connection.depth(of: name)
    return first == Depth(ready: 0, consumers: 0) ? try connection.depth(of: name) : first
  }
}

extension DeadLetterDesk {
  /// The figures of every queue, from AMQP and from what the lanes have written down; `earlier` is the look before,
  /// for what came in since. Where the database is away, what it knows stays unknown.
  package func depths(since earlier: [QueueDepth] = []) throws -> [QueueDepth] {
    let broker = try RabbitMQ.Connection.open(brokers, name: "crossdock queues", authorities: authorities)
    defer { broker.close() }
    var depths = try topology.depths(on: broker)
    let times = (try? ServiceTimes.read(on: openDatabase())) ?? [:]
    let now = Timestamp.now()
    for index in depths.indices {
      if let queue = depths[index].queue, let measured = times[queue] {
        depths[index].complete(with: measured, at: now)
      }
      if let before = earlier.first(where: { $0.name == depths[index].name }) {
        depths[index].complete(since: before)
      }
    }
    return depths
  }
}
