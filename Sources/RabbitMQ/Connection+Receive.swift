import CRabbitMQ

extension Connection {
  /// The next thing that has arrived, or nil; never blocks. Also keeps the heartbeats going, so call it at least
  /// every half heartbeat interval. What came before an end of the channel or connection is given first, then the end
  /// is thrown, each time.
  package func next() throws(RabbitMQError) -> Incoming? {
    if let first = takeFromBacklog() { return first }
    try checkUsable()
    while let frame = try readFrame(within: .zero) {
      if let incoming = try take(frame) { return incoming }
      try checkUsable()
    }
    return nil
  }

  /// Reads all that has arrived, for `next()` to give later. To be called before a batch of publishes: librabbitmq
  /// 0.11 with heartbeats blocks for ever in a publish to a broker that has been silent for two intervals.
  package func drain() throws(RabbitMQError) {
    try checkUsable()
    while let frame = try readFrame(within: .zero) {
      if let incoming = try take(frame) { backlog.append(incoming) }
      try checkUsable()
    }
  }

  private func takeFromBacklog() -> Incoming? {
    guard backlogStart < backlog.count else { return nil }
    let first = backlog[backlogStart]
    backlogStart += 1
    if backlogStart == backlog.count {
      backlog.removeAll(keepingCapacity: true)
      backlogStart = 0
    }
    return first
  }

  /// The next frame on any channel, or nil when there is none in time. It is good until the next call.
  func readFrame(within timeout: Duration) throws(RabbitMQError) -> amqp_frame_t? {
    try checkConnected()
    if let lastChannel, lastChannel != Self.messages || assembly?.needsFrames != true {
      amqp_maybe_release_buffers_on_channel(state, lastChannel)
    }
    var frame = amqp_frame_t()
    var limit = timeval(timeout)
    let status = amqp_simple_wait_frame_noblock(state, &frame, &limit)
    if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
    guard status == AMQP_STATUS_OK.rawValue else {
      throw lost(RabbitMQError("read from RabbitMQ", status: status))
    }
    lastChannel = frame.channel
    return frame
  }

  /// Notes an error after which the connection can't be used.
  func lost(_ error: RabbitMQError) -> RabbitMQError {
    fail(error)
    return failure ?? error
  }

  /// Does what a frame says that no request waits for; gives what of it the caller must know.
  func take(_ frame: amqp_frame_t) throws(RabbitMQError) -> Incoming? {
    switch Int32(frame.frame_type) {
    case AMQP_FRAME_METHOD:
      return try take(frame.payload.method, on: frame.channel)
    case AMQP_FRAME_HEADER where frame.channel == Self.messages:
      let properties = frame.payload.properties
      guard
        assembly?.begin(
          properties: UnsafeRawBufferPointer(properties.raw), bodySize: properties.body_size, epoch: epoch)
          == true
      else { throw unexpected() }
      return takeAssembled()
    case AMQP_FRAME_BODY where frame.channel == Self.messages:
      guard assembly?.append(UnsafeRawBufferPointer(frame.payload.body_fragment)) == true else {
        throw unexpected()
      }
      return takeAssembled()
    default:
      return nil
    }
  }

  private func begin(_ opening: Assembly.Opening) throws(RabbitMQError) {
    guard assembly == nil else { throw unexpected() }
    assembly = Assembly(opening)
  }

  private func takeAssembled() -> Incoming? {
    guard let complete = assembly?.complete else { return nil }
    assembly = nil
    return complete
  }

  private func unexpected() -> RabbitMQError {
    lost(RabbitMQError("read from RabbitMQ", status: AMQP_STATUS_UNEXPECTED_STATE.rawValue))
  }

  private func take(_ method: amqp_method_t, on channel: amqp_channel_t) throws(RabbitMQError) -> Incoming? {
    guard let decoded = method.decoded else { return nil }
    switch method.id {
    case AMQP_BASIC_DELIVER_METHOD:
      try begin(.delivery(decoded.load(as: amqp_basic_deliver_t.self)))
      return nil
    case AMQP_BASIC_RETURN_METHOD:
      let returned = decoded.load(as: amqp_basic_return_t.self)
      try begin(.returned(returned, text: String(returned.reply_text)))
      return nil
    case AMQP_BASIC_ACK_METHOD:
      let ack = decoded.load(as: amqp_basic_ack_t.self)
      return .confirm(Confirm(tag: ack.delivery_tag, multiple: ack.multiple != 0))
    case AMQP_BASIC_NACK_METHOD:
      let nack = decoded.load(as: amqp_basic_nack_t.self)
      return .confirm(Confirm(tag: nack.delivery_tag, multiple: nack.multiple != 0, negative: true))
    case AMQP_BASIC_CANCEL_METHOD:
      return .cancelled(consumerTag: String(decoded.load(as: amqp_basic_cancel_t.self).consumer_tag))
    case AMQP_CONNECTION_BLOCKED_METHOD:
      let reason = String(decoded.load(as: amqp_connection_blocked_t.self).reason)
      blockedReason = reason
      return .blocked(reason: reason)
    case AMQP_CONNECTION_UNBLOCKED_METHOD:
      blockedReason = nil
      return .unblocked
    case AMQP_CHANNEL_CLOSE_METHOD:
      takeChannelClose(decoded.load(as: amqp_channel_close_t.self), on: channel)
      return nil
    case AMQP_CONNECTION_CLOSE_METHOD:
      takeConnectionClose(decoded.load(as: amqp_connection_close_t.self))
      return nil
    default:
      return nil
    }
  }

  private func takeChannelClose(_ close: amqp_channel_close_t, on channel: amqp_channel_t) {
    var answer = amqp_channel_close_ok_t()
    amqp_send_method(state, channel, AMQP_CHANNEL_CLOSE_OK_METHOD, &answer)
    if channel == Self.administration {
      administrationIsOpen = false
    } else {
      assembly = nil
      fail(
        RabbitMQError(
          "go on with the channel", closedWith: close.reply_code, text: String(close.reply_text),
          scope: .channel))
    }
  }

  private func takeConnectionClose(_ close: amqp_connection_close_t) {
    let error = RabbitMQError(
      "go on with the connection", closedWith: close.reply_code, text: String(close.reply_text),
      scope: .connection)
    fail(error)
    var answer = amqp_connection_close_ok_t()
    amqp_send_method(state, 0, AMQP_CONNECTION_CLOSE_OK_METHOD, &answer)
  }
}
