import RabbitMQ
import Time
import Topology

/// Where a delivery goes that can't be acked as done: to a delay queue, or to its queue's dead letters.
struct Departure {
  let message: Outgoing
  /// One line for the log.
  let summary: String
  /// Why it is a dead letter, after how many attempts; nil when it comes again.
  let death: Death?

  struct Death {
    var failure: Failure
    var attempts: Int
  }

  /// nil for a delivery that is simply acked, or stays in hand.
  static func of(
    _ delivery: Delivery, as disposition: Disposition, from queue: Queue, at now: Timestamp,
    configuration: LaneConfiguration
  ) -> Departure? {
    switch disposition {
    case .ack, .wait: nil
    case .deadLetter(let failure):
      dead(delivery, failure, attempts: attempts(of: delivery) + 1, queue, now, configuration)
    case .delay(let failure, let notBefore):
      delayed(delivery, failure, notBefore, queue, now, configuration)
    }
  }

  private static func attempts(of delivery: Delivery) -> Int {
    Int(clamping: delivery.header(LetterHeader.attempts)?.integer ?? 0)
  }

  private static func delayed(
    _ delivery: Delivery, _ failure: Failure, _ notBefore: Duration?, _ queue: Queue, _ now: Timestamp,
    _ configuration: LaneConfiguration
  ) -> Departure {
    let attempts = attempts(of: delivery) + (failure.countsAsAttempt ? 1 : 0)
    guard attempts < configuration.maxAttempts else {
      return dead(delivery, failure, attempts: attempts, queue, now, configuration)
    }
    let topology = configuration.topology
    let tier = topology.delays.tier(forAttempt: max(1, attempts), retryAfter: notBefore)
    let headers = LetterHeader.failed(
      delivery, queue: topology.name(queue), failure: failure, attempts: attempts, at: now,
      build: configuration.build, isDead: false)
    return Departure(
      message: Outgoing(
        delivery: delivery, exchange: topology.delay(tier), routingKey: topology.name(queue),
        headers: headers),
      summary: "\(delivery.messageID ?? "a message") comes again in \(tier.name): \(failure)", death: nil)
  }

  private static func dead(
    _ delivery: Delivery, _ failure: Failure, attempts: Int, _ queue: Queue, _ now: Timestamp,
    _ configuration: LaneConfiguration
  ) -> Departure {
    let topology = configuration.topology
    let headers = LetterHeader.failed(
      delivery, queue: topology.name(queue), failure: failure, attempts: attempts, at: now,
      build: configuration.build, isDead: true)
    return Departure(
      message: Outgoing(
        delivery: delivery, exchange: topology.dead, routingKey: topology.name(queue),
        headers: headers),
      summary: "\(delivery.messageID ?? "a message") is a dead letter of \(topology.name(queue)): \(failure)",
      death: Death(failure: failure, attempts: attempts))
  }
}
