package import JSON
import Postgres
import Time
package import Topology

/// How long a queue takes to empty with other numbers of lanes, from what the lanes have measured. A pure value.
package struct Estimate: Sendable, Equatable {
  /// What holds the pace down.
  package enum Limit: String, Sendable {
    /// The lanes wait for messages: more of them change nothing.
    case arrivals
    case workers
    case postgres
  }

  /// A minute of the last day in which the lanes had all they could do.
  package struct Minute: Sendable, Equatable {
    package var lanes: Int
    /// Messages a second of all lanes together.
    package var rate: Double

    package init(lanes: Int, rate: Double) {
      self.lanes = lanes
      self.rate = rate
    }
  }

  package let ready: Int
  package let lanes: Int
  package let newLanes: Int
  /// Seconds of a lane per message.
  package let service: Double
  /// The share of it that is waiting for Postgres.
  package let databaseShare: Double
  package let limit: Limit
  /// Whether the limit was seen in minutes with other numbers of lanes, and not only concluded from the share.
  package let isSeen: Bool
  /// Messages a second that can be handled, now and with the new lanes.
  package let rate: Double
  package let newRate: Double
  /// nil when it never empties.
  package let seconds: Double?

  /// nil when nothing was measured, or no lane is at work.
  package init?(
    ready: Int, inRate: Double?, times: ServiceTimes, history: [Minute], additionalLanes: Int
  ) {
    guard times.lanes > 0, times.messages > 0, times.busySeconds > 0 else { return nil }
    let newLanes = max(1, times.lanes + additionalLanes)
    self.ready = ready
    self.lanes = times.lanes
    self.newLanes = newLanes
    service = times.busySeconds / Double(times.messages)
    databaseShare = min(1, times.databaseSeconds / times.busySeconds)
    rate = Double(times.lanes) / service
    let efficiency = Self.efficiency(of: history)
    isSeen = efficiency != nil
    if ready == 0 && times.utilisation < 0.7 {
      limit = .arrivals
    } else if let efficiency {
      limit = efficiency < 0.5 ? .postgres : .workers
    } else {
      limit = databaseShare < 0.5 ? .workers : .postgres
    }
    // Nothing seen: a lane more is worth the part of it that does not wait for Postgres, at least.
    let worth = efficiency ?? 1 - databaseShare
    newRate = rate * (1 + worth * (Double(newLanes) / Double(times.lanes) - 1))
    let pace = newRate - (inRate ?? 0)
    seconds = ready == 0 ? 0 : pace > 0 ? Double(ready) / pace : nil
  }

  /// How much of the pace of one lane another one has added: 1 when all of it, 0 when nothing; nil when all minutes
  /// had the same number of lanes.
  static func efficiency(of history: [Minute]) -> Double? {
    let best = Dictionary(history.map { ($0.lanes, $0.rate) }, uniquingKeysWith: max)
    guard let fewest = best.keys.min(), let most = best.keys.max(), fewest < most,
      let slow = best[fewest], let fast = best[most], slow > 0
    else { return nil }
    let gain = (fast / slow - 1) / (Double(most) / Double(fewest) - 1)
    return min(1, max(0, gain))
  }

  package var json: JSON {
    [
      "ready": .integer(ready), "lanes": .integer(lanes), "new_lanes": .integer(newLanes),
      "seconds_per_message": .init(floatLiteral: service),
      "database_share": .init(floatLiteral: databaseShare),
      "limit": .string(limit.rawValue), "limit_seen": .bool(isSeen), "rate": .init(floatLiteral: rate),
      "new_rate": .init(floatLiteral: newRate), "seconds": seconds.map { .init(floatLiteral: $0) } ?? .null,
    ]
  }
}

extension DeadLetterDesk {
  /// Estimates a queue with so many lanes more; nil when its lanes have measured nothing within ten minutes.
  package func estimate(_ queue: Queue, additionalLanes: Int, depth: QueueDepth) throws -> Estimate? {
    let connection = try openDatabase()
    guard let times = try ServiceTimes.read(on: connection)[queue] else { return nil }
    let history = try connection.query(
      """
      SELECT count(*), sum(messages / greatest(seconds, 0.001)) FROM service_times
       WHERE queue = $1 AND minute > now() - interval '1 day' AND busy_seconds > 0.8 * seconds
       GROUP BY minute
      """, [queue.rawValue]
    ).map { Estimate.Minute(lanes: $0.int(0), rate: $0.double(1)) }
    return Estimate(
      ready: depth.ready ?? 0, inRate: depth.inRate, times: times, history: history,
      additionalLanes: additionalLanes)
  }
}
