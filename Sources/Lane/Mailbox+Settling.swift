import RabbitMQ
import Time
import Topology

extension Mailbox {
  /// Settles deliveries whose effects are committed: publish what goes elsewhere, wait for the confirms, ack
  /// (Rule 19). A crash in between doubles a copy, never loses one. What waits stays in hand.
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
      settled.append(delivery.tag)
      guard
        let leaving = Departure.of(
          delivery, as: disposition, from: queue, at: now, configuration: configuration)
      else { continue }
      log(leaving.summary)
      outgoing.append(leaving.message)
    }
    if !outgoing.isEmpty { try publish(outgoing) }
    settle(settled)
  }
}
