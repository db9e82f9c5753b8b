import CRabbitMQ
import Readiness

extension Connection {
  /// Has the broker confirm each message that is published from now on.
  package func enableConfirms() throws(RabbitMQError) {
    guard !confirmsAreOn else { return }
    var request = amqp_confirm_select_t()
    _ = try call(
      "turn confirms on", channel: Self.messages, AMQP_CONFIRM_SELECT_METHOD, &request,
      reply: AMQP_CONFIRM_SELECT_OK_METHOD)
    confirmsAreOn = true
    nextPublishTag = 1
  }

  /// Publishes a message and gives the tag of its confirm. `""` is the default exchange, whose routing keys are
  /// queues; a mandatory message that no queue is bound for comes back. Call `drain()` before each batch.
  @discardableResult package func publish(
    exchange: String, routingKey: String, mandatory: Bool = true, properties: Publishing,
    body: UnsafeRawBufferPointer
  ) throws(RabbitMQError) -> UInt64 {
    try checkUsable()
    try waitForRoom()
    defer { scratch.reset() }
    var encoded = try encode(properties, exchange: exchange, routingKey: routingKey)
    let status = amqp_basic_publish(
      state, Self.messages, scratch.bytes(exchange), scratch.bytes(routingKey), mandatory ? 1 : 0, 0,
      &encoded,
      amqp_bytes_t(len: body.count, bytes: UnsafeMutableRawPointer(mutating: body.baseAddress)))
    guard status == AMQP_STATUS_OK.rawValue else {
      throw lost(RabbitMQError("publish", status: status))
    }
    defer { nextPublishTag += 1 }
    return nextPublishTag
  }

  @discardableResult package func publish(
    exchange: String, routingKey: String, mandatory: Bool = true, properties: Publishing, body: [UInt8]
  ) throws(RabbitMQError) -> UInt64 {
    try body.withUnsafeBufferPointer { bytes throws(RabbitMQError) in
      try publish(
        exchange: exchange, routingKey: routingKey, mandatory: mandatory, properties: properties,
        body: UnsafeRawBufferPointer(bytes))
    }
  }

  /// A send into a full connection would block where nothing is read: waits here, reading, and gives up in time.
  private func waitForRoom() throws(RabbitMQError) {
    let clock = ContinuousClock()
    var deadline: ContinuousClock.Instant?
    while true {
      if let blockedReason { throw .noRoom("the broker takes no messages now: \(blockedReason)") }
      if crossdock_amqp_has_room(socket) != 0 { return }
      let limit = deadline ?? clock.now + timeout
      deadline = limit
      guard clock.now < limit else { throw .noRoom("the broker has taken nothing for \(timeout)") }
      _ = wait(for: [.both(socket)], timeout: min(limit - clock.now, .seconds(1)))
      try drain()
    }
  }

  private func encode(
    _ properties: Publishing, exchange: String, routingKey: String
  ) throws(RabbitMQError) -> amqp_basic_properties_t {
    var encoded = amqp_basic_properties_t()
    var flags = AMQP_BASIC_DELIVERY_MODE_FLAG
    encoded.delivery_mode = 2
    func short(_ text: String?, _ name: String, _ flag: Int32) throws(RabbitMQError) -> amqp_bytes_t {
      guard let text else { return amqp_empty_bytes }
      guard text.utf8.count <= 255 else {
        throw RabbitMQError("publish", unusable: "the \(name) is longer than 255 bytes")
      }
      flags |= flag
      return scratch.bytes(text)
    }
    _ = try short(exchange, "exchange", 0)
    _ = try short(routingKey, "routing key", 0)
    encoded.message_id = try short(properties.messageID, "message id", AMQP_BASIC_MESSAGE_ID_FLAG)
    encoded.type = try short(properties.type, "type", AMQP_BASIC_TYPE_FLAG)
    encoded.app_id = try short(properties.appID, "app id", AMQP_BASIC_APP_ID_FLAG)
    encoded.content_type = try short(properties.contentType, "content type", AMQP_BASIC_CONTENT_TYPE_FLAG)
    encoded.content_encoding = try short(
      properties.contentEncoding, "content encoding", AMQP_BASIC_CONTENT_ENCODING_FLAG)
    encoded.correlation_id = try short(
      properties.correlationID, "correlation id", AMQP_BASIC_CORRELATION_ID_FLAG)
    encoded.reply_to = try short(properties.replyTo, "reply-to", AMQP_BASIC_REPLY_TO_FLAG)
    let expiration = properties.expiration.map { String($0.milliseconds) }
    encoded.expiration = try short(expiration, "expiration", AMQP_BASIC_EXPIRATION_FLAG)
    if let timestamp = properties.timestamp {
      encoded.timestamp = timestamp
      flags |= AMQP_BASIC_TIMESTAMP_FLAG
    }
    if !properties.headers.isEmpty {
      encoded.headers = try table(properties.headers, for: "publish")
      flags |= AMQP_BASIC_HEADERS_FLAG
    }
    encoded._flags = amqp_flags_t(flags)
    return encoded
  }

  /// Once a part of a message is sent the rest must follow, so what can't be encoded is refused before.
  func table(_ entries: [(String, HeaderValue)], for operation: String) throws(RabbitMQError) -> amqp_table_t
  {
    for (key, _) in entries where key.utf8.count > 255 {
      throw RabbitMQError(operation, unusable: "the name of a header is longer than 255 bytes")
    }
    let table = scratch.table(entries)
    guard scratch.tableSize < Int(amqp_get_frame_max(state)) - 4096 else {
      throw RabbitMQError(operation, unusable: "the headers are larger than a frame")
    }
    return table
  }
}

extension Duration {
  /// Whole milliseconds, rounded up, not below zero.
  package var milliseconds: Int64 {
    let (seconds, attoseconds) = max(self, .zero).components
    return seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
  }
}

extension RabbitMQError {
  fileprivate static func noRoom(_ text: String) -> RabbitMQError {
    RabbitMQError(operation: "publish", code: 0, text: text, scope: .request, isRetriable: true)
  }
}
