import CRabbitMQ

extension Connection {
  /// Starts a consumer and gives its tag, the broker's choice when `tag` is empty. At most `prefetch` (1…65535) of its
  /// deliveries are unsettled at a time.
  @discardableResult package func consume(
    _ queue: String, prefetch: Int, tag: String = "", arguments: [String: HeaderValue] = [:],
    exclusive: Bool = false
  ) throws(RabbitMQError) -> String {
    defer { scratch.reset() }
    let operation = "consume from \(queue)"
    // 0 would mean 2,000 on quorum queues, and the field has 16 bits.
    var quality = amqp_basic_qos_t()
    quality.prefetch_count = UInt16(clamping: max(prefetch, 1))
    _ = try call(
      operation, channel: Self.messages, AMQP_BASIC_QOS_METHOD, &quality, reply: AMQP_BASIC_QOS_OK_METHOD)
    var request = amqp_basic_consume_t()
    request.queue = scratch.bytes(queue)
    request.consumer_tag = scratch.bytes(tag)
    request.exclusive = exclusive ? 1 : 0
    request.arguments = try table(arguments, for: operation)
    let reply = try call(
      operation, channel: Self.messages, AMQP_BASIC_CONSUME_METHOD, &request,
      reply: AMQP_BASIC_CONSUME_OK_METHOD)
    return reply.map { String($0.load(as: amqp_basic_consume_ok_t.self).consumer_tag) } ?? tag
  }

  /// Ends a consumer. What was delivered to it stays unsettled and can be settled.
  package func cancel(_ consumerTag: String) throws(RabbitMQError) {
    defer { scratch.reset() }
    var request = amqp_basic_cancel_t()
    request.consumer_tag = scratch.bytes(consumerTag)
    _ = try call(
      "end a consumer", channel: Self.messages, AMQP_BASIC_CANCEL_METHOD, &request,
      reply: AMQP_BASIC_CANCEL_OK_METHOD)
  }

  /// Settles a delivery, or all up to it. False, and nothing is sent, when its channel is gone: it comes again.
  @discardableResult package func ack(
    _ tag: DeliveryTag, multiple: Bool = false
  ) throws(RabbitMQError) -> Bool {
    guard tag.epoch == epoch else { return false }
    var method = amqp_basic_ack_t()
    method.delivery_tag = tag.number
    method.multiple = multiple ? 1 : 0
    try send("ack", AMQP_BASIC_ACK_METHOD, &method)
    return true
  }

  /// Waits until the acks that were sent before have reached the queue they are for. Over-many acks wait in the
  /// broker's channel for the queue to take them, and are lost with it: closed at once, the channel would bring the
  /// messages back. The first look at the queue is answered after the acks under way, which frees the channel to pass
  /// on the rest; the second one after that.
  package func flushAcks(to queue: String) throws(RabbitMQError) {
    defer { scratch.reset() }
    for _ in 1...2 {
      var request = amqp_queue_declare_t()
      request.queue = scratch.bytes(queue)
      request.passive = 1
      _ = try call(
        "settle deliveries of \(queue)", channel: Self.messages, AMQP_QUEUE_DECLARE_METHOD, &request,
        reply: AMQP_QUEUE_DECLARE_OK_METHOD)
    }
  }

  /// Gives a delivery back: to its queue, or to the queue's dead-letter exchange. False when its channel is gone.
  @discardableResult package func reject(
    _ tag: DeliveryTag, requeue: Bool
  ) throws(RabbitMQError) -> Bool {
    try nack(tag, multiple: false, requeue: requeue)
  }

  /// As `reject`, for all up to the tag when `multiple`.
  @discardableResult package func nack(
    _ tag: DeliveryTag, multiple: Bool, requeue: Bool
  ) throws(RabbitMQError) -> Bool {
    guard tag.epoch == epoch else { return false }
    var method = amqp_basic_nack_t()
    method.delivery_tag = tag.number
    method.multiple = multiple ? 1 : 0
    method.requeue = requeue ? 1 : 0
    try send("give a delivery back", AMQP_BASIC_NACK_METHOD, &method)
    return true
  }

  func table(_ arguments: [String: HeaderValue], for operation: String) throws(RabbitMQError) -> amqp_table_t
  {
    try table(arguments.map { ($0.key, $0.value) }, for: operation)
  }
}
