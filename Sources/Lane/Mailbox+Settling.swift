import RabbitMQ
import Time
import Topology

extension Mailbox {
  /// Settles deliveries whose effects are committed: publish what goes elsewhere, wait for the confirms, ack.
  func settle(
    _ deliveries: [Delivery], as dispositions: [Disposition], from queue: Queue,
    configuration: LaneConfiguration
  ) throws(RabbitMQError) {
    let rejected = try send(
      dispositions.leaving, of: deliveries, as: dispositions, from: queue, configuration: configuration)
    settle(dispositions.toAck(except: rejected).map { deliveries[$0].tag })
  }

  /// Publishes copies of these deliveries to where their dispositions take them, and waits for the confirms; their
  /// originals may be acked then (Rule 19). Answers those that have nowhere to go: they stay in hand.
  ///
  /// - Throws: `RabbitMQError` when the broker is lost; nothing may be acked then, and all of it comes again.
  func send(
    _ indices: [Int], of deliveries: [Delivery], as dispositions: [Disposition], from queue: Queue,
    configuration: LaneConfiguration
  ) throws(RabbitMQError) -> Set<Int> {
    let now = Timestamp.now()
    var outgoing: [Outgoing] = []
    for index in indices {
      guard
        let leaving = Departure.of(
          deliveries[index], as: dispositions[index], from: queue, at: now, configuration: configuration)
      else { continue }
      log(leaving.summary)
      outgoing.append(leaving.message)
    }
    let taken = Set(try send(outgoing))
    return Set(indices.filter { !taken.contains(deliveries[$0].tag) })
  }

  /// Publishes again what had nowhere to go. Answers why some still hasn't.
  func settleHeld() throws(RabbitMQError) -> String? {
    settle(try send(held.takeDue(at: .now)))
    return held.reason
  }

  /// Publishes the copies and answers the tags of the originals that may be acked now.
  private func send(_ outgoing: [Outgoing]) throws(RabbitMQError) -> [DeliveryTag] {
    guard !outgoing.isEmpty else { return [] }
    let rejected = try publish(outgoing)
    held.keep(rejected, at: .now)
    let kept = Set(rejected.map(\.message.delivery.tag))
    return outgoing.map(\.delivery.tag).filter { !kept.contains($0) }
  }
}
