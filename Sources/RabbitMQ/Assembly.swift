import CRabbitMQ

/// A message on its way in: a method frame, a header frame, and as many body frames as it needs.
struct Assembly {
  enum Opening {
    case delivery(amqp_basic_deliver_t)
    case returned(amqp_basic_return_t, text: String)
  }

  /// RabbitMQ takes no larger message.
  private static let maximumBodySize: UInt64 = 512 << 20

  private let opening: Opening
  private var message: Delivery?
  private var filled = 0

  init(_ opening: Opening) {
    self.opening = opening
  }

  /// Whether it points into the method frame, whose memory must stay until the header has come.
  var needsFrames: Bool { message == nil }

  /// Takes the header frame; false when it is not one that can be here.
  mutating func begin(properties: UnsafeRawBufferPointer, bodySize: UInt64, epoch: Int) -> Bool {
    guard message == nil, bodySize <= Self.maximumBodySize else { return false }
    switch opening {
    case .delivery(let method):
      message = Delivery(
        tag: DeliveryTag(epoch: epoch, number: method.delivery_tag), redelivered: method.redelivered != 0,
        exchange: UnsafeRawBufferPointer(method.exchange),
        routingKey: UnsafeRawBufferPointer(method.routing_key),
        consumerTag: UnsafeRawBufferPointer(method.consumer_tag), properties: properties,
        bodySize: Int(bodySize))
    case .returned(let method, _):
      message = Delivery(
        tag: DeliveryTag(epoch: epoch, number: 0), redelivered: false,
        exchange: UnsafeRawBufferPointer(method.exchange),
        routingKey: UnsafeRawBufferPointer(method.routing_key),
        consumerTag: UnsafeRawBufferPointer(start: nil, count: 0), properties: properties,
        bodySize: Int(bodySize))
    }
    return true
  }

  /// Takes a body frame; false when there is no room or no header for it.
  mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let message, message.fill(bytes, at: filled) else { return false }
    filled += bytes.count
    return true
  }

  /// The message when all of it has come.
  var complete: Incoming? {
    guard let message, filled == message.bodySize else { return nil }
    switch opening {
    case .delivery: return .delivery(message)
    case .returned(let method, let text):
      return .returned(
        Returned(
          messageID: message.messageID, exchange: message.exchange, routingKey: message.routingKey,
          code: Int(method.reply_code), text: text))
    }
  }
}
