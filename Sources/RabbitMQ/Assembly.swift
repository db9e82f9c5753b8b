import CRabbitMQ

/// A message on its way in: a method frame, a header frame, and as many body frames as it needs. What it points to
/// lies in the memory of the connection's frames, which is not released before the message is whole.
struct Assembly {
  enum Opening {
    case delivery(amqp_basic_deliver_t)
    case returned(amqp_basic_return_t)
  }

  /// RabbitMQ takes no larger message.
  private static let maximumBodySize: UInt64 = 512 << 20

  let opening: Opening
  private var message: Delivery?
  private var filled = 0

  init(_ opening: Opening) {
    self.opening = opening
  }

  /// Takes the header frame; false when it is not one that can be here.
  mutating func begin(properties: UnsafeRawBufferPointer, bodySize: UInt64, epoch: Int) -> Bool {
    guard message == nil, bodySize <= Self.maximumBodySize else { return false }
    let (number, redelivered, exchange, routingKey, consumerTag) =
      switch opening {
      case .delivery(let method):
        (
          method.delivery_tag, method.redelivered != 0, method.exchange, method.routing_key,
          method.consumer_tag
        )
      case .returned(let method):
        (0, false, method.exchange, method.routing_key, amqp_empty_bytes)
      }
    message = Delivery(
      tag: DeliveryTag(epoch: epoch, number: number), redelivered: redelivered,
      exchange: UnsafeRawBufferPointer(exchange), routingKey: UnsafeRawBufferPointer(routingKey),
      consumerTag: UnsafeRawBufferPointer(consumerTag), properties: properties, bodySize: Int(bodySize))
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
    case .returned(let method):
      return .returned(
        Returned(
          messageID: message.messageID, exchange: message.exchange, routingKey: message.routingKey,
          code: Int(method.reply_code), text: String(method.reply_text)))
    }
  }
}
