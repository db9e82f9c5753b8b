import RabbitMQ
import Time
import Topology

extension Mailbox {
  /// Settles deliveries whose effects are committed: publish what goes elsewhere, wait for the confirms, ack
  /// (Rule 19). A crash in between doubles a copy, never loses one. What waits stays in hand, and so does what has
  /// nowhere to go.
  ///
  /// - Throws: `RabbitMQError` when the broker is lost; nothing was acked then, and all of it comes again.
  func settle(
    _ deliveries: [Delivery], as dispositions: [Disposition], from queue: Queue,
    configuration: LaneConfiguration
  ) throws(RabbitMQError) {
    let now = Timestamp.now()
    var outgoing: [Outgoing] = []
    var settled: [DeliveryTag] = []
    settled.reserveCapacity(deliveries.count)
    for (delivery, disposition) in zip(deliveries, dispositions) {
      if case .wait = disposition { continue }
      guard
        let leaving = Departure.of(
          delivery, as: disposition, from: queue, at: now, configuration: configuration)
      else {
        settled.append(delivery.tag)
        continue
      }
      log(leaving.summary)
      outgoing.append(leaving.message)
    }
    settle(settled + (try send(outgoing)))
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
