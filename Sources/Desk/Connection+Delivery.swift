import RabbitMQ
import Readiness

extension RabbitMQ.Connection {
  /// The next delivery; nil when none comes within that time. What else comes meanwhile is passed over.
  func nextDelivery(within patience: Duration) throws(RabbitMQError) -> Delivery? {
    let deadline = ContinuousClock.now + patience
    repeat {
      guard let incoming = try next() else {
        _ = wait(for: [.readable(socket)], timeout: max(.zero, deadline - .now))
        continue
      }
      if case .delivery(let delivery) = incoming { return delivery }
    } while .now < deadline
    return nil
  }
}
