package import RabbitMQ
import Time
import Topology

extension Topology {
  /// Exchange and routing key of a route in this namespace.
  func destination(of route: OutboundMessage.Route) -> (exchange: String, key: String) {
    switch route {
    case .event(let key): (events, key)
    case .job(let queue): (jobs, Queue(rawValue: queue).map { name($0) } ?? queue)
    case .delayedJob(let queue, let seconds):
      (
        delay(delays.tier(forAttempt: 1, retryAfter: .seconds(seconds))),
        Queue(rawValue: queue).map { name($0) } ?? queue
      )
    }
  }
}

extension OutboundMessage {
  /// The AMQP properties of CONTRACT section 4.
  package var properties: Publishing {
    Publishing(
      messageID: messageId, type: type, appID: "crossdock", contentType: contentType,
      timestamp: UInt64(clamping: time.secondsSince1970),
      headers: [
        ("traceparent", .text(traceparent)),
        ("x-crossdock-published-at", .integer(Timestamp.now().millisecondsSince1970)),
      ])
  }

  /// W3C trace context. The trace id follows from the message id, so that every hop of a message and every
  /// repetition belong to one trace.
  private var traceparent: String {
    var first: UInt64 = 0xcbf2_9ce4_8422_2325
    var second: UInt64 = 0x8422_2325_cbf2_9ce4
    for byte in messageId.utf8 {
      first = (first ^ UInt64(byte)) &* 0x100_0000_01b3
      second = (second &+ UInt64(byte)) &* 0x9e37_79b9_7f4a_7c15
    }
    return "00-\(hex(first))\(hex(second | 1))-\(hex(UInt64.random(in: 1...UInt64.max)))-01"
  }

  private func hex(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
