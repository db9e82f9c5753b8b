import CRabbitMQ

extension Connection {
  /// Sends a request and gives its answer, which is good until the next frame is read; whatever else arrives
  /// meanwhile is kept for `next()`. A refusal by the broker is thrown, with the scope of what it has closed.
  func call<Request: BitwiseCopyable>(
    _ operation: String, channel: amqp_channel_t, _ method: amqp_method_number_t, _ request: inout Request,
    reply: amqp_method_number_t, within limit: Duration? = nil
  ) throws(RabbitMQError) -> UnsafeRawPointer? {
    try channel == Self.messages ? checkUsable() : checkConnected()
    // A close that has arrived already would swallow the request and leave this waiting.
    try readAll(channel: channel)
    let status = amqp_send_method(state, channel, method, &request)
    guard status == AMQP_STATUS_OK.rawValue else {
      throw lost(RabbitMQError(operation, status: status))
    }
    let clock = ContinuousClock()
    let deadline = clock.now + (limit ?? timeout)
    while let frame = try readFrame(within: deadline - clock.now) {
      if Int32(frame.frame_type) == AMQP_FRAME_METHOD, frame.channel == channel {
        let answer = frame.payload.method
        if answer.id == reply { return UnsafeRawPointer(answer.decoded) }
        if answer.id == AMQP_CHANNEL_CLOSE_METHOD, let decoded = answer.decoded {
          let close = decoded.load(as: amqp_channel_close_t.self)
          let error = RabbitMQError(
            operation, closedWith: close.reply_code, text: String(close.reply_text),
            scope: channel == Self.messages ? .channel : .request)
          _ = try take(frame)
          throw error
        }
      }
      if let incoming = try take(frame) { backlog.append(incoming) }
      if channel == Self.messages { try checkUsable() } else { try checkConnected() }
    }
    throw lost(RabbitMQError(operation, status: AMQP_STATUS_TIMEOUT.rawValue))
  }

  private func readAll(channel: amqp_channel_t) throws(RabbitMQError) {
    while let frame = try readFrame(within: .zero) {
      if let incoming = try take(frame) { backlog.append(incoming) }
    }
    try channel == Self.messages ? checkUsable() : checkConnected()
  }

  /// Sends what has no answer.
  func send<Method: BitwiseCopyable>(
    _ operation: String, _ method: amqp_method_number_t, _ arguments: inout Method
  ) throws(RabbitMQError) {
    try checkUsable()
    let status = amqp_send_method(state, Self.messages, method, &arguments)
    guard status == AMQP_STATUS_OK.rawValue else {
      throw lost(RabbitMQError(operation, status: status))
    }
  }

  /// As `call`, on the channel for declarations, which is opened when it isn't.
  func administer<Request: BitwiseCopyable>(
    _ operation: String, _ method: amqp_method_number_t, _ request: inout Request,
    reply: amqp_method_number_t
  ) throws(RabbitMQError) -> UnsafeRawPointer? {
    if !administrationIsOpen {
      try openChannel(Self.administration)
      administrationIsOpen = true
    }
    return try call(operation, channel: Self.administration, method, &request, reply: reply)
  }

  func openChannel(_ channel: amqp_channel_t) throws(RabbitMQError) {
    var request = amqp_channel_open_t()
    _ = try call(
      "open a channel", channel: channel, AMQP_CHANNEL_OPEN_METHOD, &request,
      reply: AMQP_CHANNEL_OPEN_OK_METHOD)
  }

  /// Closes the message channel and opens it again, whether the broker had closed it or not. Unsettled deliveries go
  /// back to their queues, consumers are gone, what arrived and was not taken is dropped, `epoch` changes; confirms
  /// are on again if they were, with tags from 1.
  package func reopenChannel() throws(RabbitMQError) {
    try checkConnected()
    if failure == nil {
      var request = amqp_channel_close_t()
      request.reply_code = UInt16(AMQP_REPLY_SUCCESS)
      do throws(RabbitMQError) {
        _ = try call(
          "close a channel", channel: Self.messages, AMQP_CHANNEL_CLOSE_METHOD, &request,
          reply: AMQP_CHANNEL_CLOSE_OK_METHOD)
      } catch  where error.scope == .channel {
        // The broker was first.
      }
    }
    failure = nil
    assembly = nil
    backlog.removeFirst(backlogStart)
    backlogStart = 0
    backlog.removeAll { $0.isOfChannel }
    beginEpoch()
    try openChannel(Self.messages)
    if confirmsAreOn {
      confirmsAreOn = false
      try enableConfirms()
    }
  }
}

extension Incoming {
  fileprivate var isOfChannel: Bool {
    switch self {
    case .delivery, .confirm, .returned, .cancelled: true
    case .blocked, .unblocked: false
    }
  }
}
