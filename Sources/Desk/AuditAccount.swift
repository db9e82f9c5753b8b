package import JSON
package import Time
package import Topology

/// The conservation account of one queue: published = effected + discarded + dead + in flight + missing (promise 7).
/// A pure value. Each id counts once, as the first of these that it is.
package struct AuditAccount: Sendable, Equatable {
  /// What was published in one hour.
  package struct Line: Sendable, Equatable {
    package var hour: Timestamp
    package var published = 0
    package var effected = 0
    package var discarded = 0
    package var dead = 0
    /// None of these: under way, or missing.
    package var rest = 0

    package init(
      hour: Timestamp, published: Int = 0, effected: Int = 0, discarded: Int = 0, dead: Int = 0, rest: Int = 0
    ) {
      self.hour = hour
      self.published = published
      self.effected = effected
      self.discarded = discarded
      self.dead = dead
      self.rest = rest
    }
  }

  package let queue: Queue
  package var hours: [Line]
  /// Ids that were published, had no effect, and can't be under way any more; the first `AuditAccount.mostNamed`.
  package var missing: [Published] = []
  package var missingCount = 0
  /// Ids that had their effect more than once.
  package var doubled: [String] = []
  /// Effects and dead letters of events that did not come from the outbox: another producer's.
  package var foreign = 0

  package static let mostNamed = 10_000

  /// An event in the outbox.
  package struct Published: Sendable, Hashable {
    package var id: String
    /// Names its packet.
    package var packet: Int
    package var createdAt: Timestamp
  }

  package init(queue: Queue, hours: [Line]) {
    self.queue = queue
    self.hours = hours
  }

  private func sum(_ figure: KeyPath<Line, Int>) -> Int { hours.reduce(0) { $0 + $1[keyPath: figure] } }

  package var published: Int { sum(\.published) }
  package var effected: Int { sum(\.effected) }
  package var discarded: Int { sum(\.discarded) }
  package var dead: Int { sum(\.dead) }
  package var inFlight: Int { sum(\.rest) - missingCount }
  package var isBalanced: Bool { missingCount == 0 && doubled.isEmpty }

  package var json: JSON {
    [
      "queue": .string(queue.rawValue), "published": .integer(published), "effected": .integer(effected),
      "discarded": .integer(discarded), "dead": .integer(dead), "in_flight": .integer(inFlight),
      "missing": .integer(missingCount), "doubled": .integer(doubled.count), "foreign": .integer(foreign),
      "missing_ids": .array(missing.map { .string($0.id) }),
      "doubled_ids": .array(doubled.map { .string($0) }),
      "hours": .array(
        hours.map { line in
          [
            "hour": .time(line.hour), "published": .integer(line.published),
            "effected": .integer(line.effected), "discarded": .integer(line.discarded),
            "dead": .integer(line.dead), "in_flight_or_missing": .integer(line.rest),
          ]
        }),
    ]
  }
}

/// What of a queue's messages the broker may still hold. A pure value.
package struct Holding: Sendable, Equatable {
  package var ready: Int
  /// nil when it can't be known.
  package var unacked: Int?
  /// In delay queues that are too deep to be read: whose these are isn't known.
  package var delayed: Int

  package init(ready: Int, unacked: Int?, delayed: Int) {
    self.ready = ready
    self.unacked = unacked
    self.delayed = delayed
  }

  /// Of so many messages that the broker has confirmed, that came to nothing yet and were seen in no delay queue, how many it can't hold. What a
  /// worker has in hand is not seen where `unacked` is unknown: nothing is accused then while anything waits, and a
  /// second look tells the rest.
  package func excess(of rest: Int) -> Int {
    if let unacked { return max(0, rest - ready - unacked - delayed) }
    return ready + delayed == 0 ? rest : 0
  }
}
