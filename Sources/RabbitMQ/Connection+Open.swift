import CRabbitMQ

extension Connection {
  /// Connects to the first of the brokers that answers. `name` is shown by the broker's tools; `heartbeat` is in
  /// seconds, 0 for none; `authorities` is a PEM file to trust where an address names none. Each attempt takes at
  /// most `timeout`.
  package static func open(
    _ addresses: [Address], name: String, heartbeat: Int = 30, timeout: Duration = .seconds(10),
    authorities: String? = nil
  ) throws(RabbitMQError) -> Connection {
    var failures: [(address: Address, error: RabbitMQError)] = []
    for address in addresses {
      do throws(RabbitMQError) {
        return try open(
          address, name: name, heartbeat: heartbeat, timeout: timeout, authorities: authorities)
      } catch {
        failures.append((address, error))
      }
    }
    throw RabbitMQError(
      operation: "connect to RabbitMQ", code: failures.last?.error.code ?? 0,
      text: failures.map { "\($0.address): \($0.error.text)" }.joined(separator: "; "), scope: .connection,
      isRetriable: failures.contains { $0.error.isRetriable })
  }

  private static func open(
    _ address: Address, name: String, heartbeat: Int, timeout: Duration, authorities: String?
  ) throws(RabbitMQError) -> Connection {
    let operation = "connect to RabbitMQ"
    guard let state = amqp_new_connection() else {
      throw RabbitMQError(operation, status: AMQP_STATUS_NO_MEMORY.rawValue)
    }
    // From here on the connection's deinit lets go of the state.
    let connection = Connection(state: state, address: address, timeout: timeout)
    var limit = timeval(timeout)
    amqp_set_handshake_timeout(state, &limit)
    amqp_set_rpc_timeout(state, &limit)
    let socket = try connection.makeSocket(authorities: authorities)
    let status = amqp_socket_open_noblock(socket, address.host, Int32(address.port), &limit)
    guard status == AMQP_STATUS_OK.rawValue else { throw unreachable(status) }
    let patience = max(Int(timeout.components.seconds), 2 * heartbeat, 1)
    _ = crossdock_amqp_limit_unsent(amqp_get_sockfd(state), UInt32(clamping: patience * 1000))
    try connection.logIn(name: name, heartbeat: heartbeat)
    try connection.openChannel(messages)
    return connection
  }

  /// The library says no more of a refused connection than "a socket error occurred".
  private static func unreachable(_ status: Int32) -> RabbitMQError {
    guard status == AMQP_STATUS_SOCKET_ERROR.rawValue else {
      return RabbitMQError("connect to RabbitMQ", status: status)
    }
    return RabbitMQError(
      operation: "connect to RabbitMQ", code: Int(status), text: "nobody answers there", scope: .connection,
      isRetriable: true)
  }

  private func makeSocket(authorities: String?) throws(RabbitMQError) -> OpaquePointer {
    let socket = address.usesTLS ? amqp_ssl_socket_new(state) : amqp_tcp_socket_new(state)
    guard let socket else {
      throw RabbitMQError("connect to RabbitMQ", status: AMQP_STATUS_NO_MEMORY.rawValue)
    }
    guard address.usesTLS else { return socket }
    amqp_ssl_socket_set_verify_peer(socket, address.verifiesPeer ? 1 : 0)
    amqp_ssl_socket_set_verify_hostname(socket, address.verifiesPeer ? 1 : 0)
    amqp_ssl_socket_set_ssl_versions(socket, AMQP_TLSv1_2, AMQP_TLSvLATEST)
    let file = address.authorities ?? authorities ?? Self.systemAuthorities
    guard !address.verifiesPeer || amqp_ssl_socket_set_cacert(socket, file) == AMQP_STATUS_OK.rawValue else {
      throw RabbitMQError("connect to RabbitMQ", unusable: "the authorities in \(file) can't be read")
    }
    return socket
  }

  /// Where Debian keeps the authorities; librabbitmq trusts none by itself.
  private static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

  private func logIn(name: String, heartbeat: Int) throws(RabbitMQError) {
    defer { scratch.reset() }
    // Without these a deleted queue looks like endless silence, and an alarm like a dead network.
    let capabilities: [String: HeaderValue] = [
      "connection.blocked": true, "consumer_cancel_notify": true, "basic.nack": true,
      "publisher_confirms": true,
    ]
    var properties = scratch.table([
      ("product", "Crossdock"), ("connection_name", .text(name)), ("capabilities", .table(capabilities)),
    ])
    let reply = crossdock_amqp_login(
      state, address.virtualHost, 2, 131_072, Int32(clamping: max(heartbeat, 0)), &properties, address.user,
      address.password)
    switch reply.reply_type {
    case AMQP_RESPONSE_NORMAL: return
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      throw closeError("sign in to RabbitMQ", reply.reply)
    default: throw RabbitMQError("sign in to RabbitMQ", status: reply.library_error)
    }
  }

  private func closeError(_ operation: String, _ method: amqp_method_t) -> RabbitMQError {
    guard method.id == AMQP_CONNECTION_CLOSE_METHOD, let decoded = method.decoded else {
      return RabbitMQError(operation, status: AMQP_STATUS_UNEXPECTED_STATE.rawValue)
    }
    let close = decoded.load(as: amqp_connection_close_t.self)
    return RabbitMQError(
      operation, closedWith: close.reply_code, text: String(close.reply_text), scope: .connection)
  }
}

extension timeval {
  init(_ duration: Duration) {
    let (seconds, attoseconds) = max(duration, .zero).components
    self = crossdock_amqp_limit(Int(seconds), Int(attoseconds / 1_000_000_000_000))
  }
}

extension String {
  init(_ bytes: amqp_bytes_t) {
    self = String(decoding: UnsafeRawBufferPointer(bytes), as: UTF8.self)
  }
}

extension UnsafeRawBufferPointer {
  init(_ bytes: amqp_bytes_t) {
    self.init(start: bytes.bytes, count: bytes.bytes == nil ? 0 : bytes.len)
  }
}
