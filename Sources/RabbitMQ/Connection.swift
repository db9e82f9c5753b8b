import CRabbitMQ
import Synchronization

/// A connection to a broker with one channel for messages, used by one thread. Requests about exchanges and queues go
/// over a second channel, so that one that is refused costs neither consumers nor confirms.
package final class Connection {
  let state: amqp_connection_state_t
  /// How long a request waits for its answer, and a publish for room.
  let timeout: Duration
  let scratch = Scratch()

  /// Another for each channel of each connection; a delivery's tag is good only in its own.
  package private(set) var epoch = Connection.newEpoch()
  /// Why the broker takes no messages now; nil when it does.
  package internal(set) var blockedReason: String?
  /// The broker that was reached.
  package let address: Address

  /// What has arrived and not been asked for yet, oldest first from `backlogStart`.
  var backlog: [Incoming] = []
  var backlogStart = 0
  /// The message of which only a part has arrived.
  var assembly: Assembly?
  /// The channel of the last frame, whose memory is released before the next is read.
  var lastChannel: amqp_channel_t?
  /// What ended the message channel or the connection; said once the backlog is empty.
  var failure: RabbitMQError?
  var administrationIsOpen = false
  var confirmsAreOn = false
  var nextPublishTag: UInt64 = 1
  private var isClosed = false

  private static let epochs = Atomic(0)

  private static func newEpoch() -> Int {
    epochs.wrappingAdd(1, ordering: .relaxed).newValue
  }

  func beginEpoch() {
    epoch = Self.newEpoch()
    nextPublishTag = 1
  }

  /// The channel of consumers, deliveries and publishing.
  static let messages: amqp_channel_t = 1
  /// The channel of declarations and other requests.
  static let administration: amqp_channel_t = 2

  init(state: amqp_connection_state_t, address: Address, timeout: Duration) {
    self.state = state
    self.address = address
    self.timeout = timeout
  }

  deinit {
    if !isClosed { amqp_destroy_connection(state) }
  }

  /// The descriptor to wait on. First call `next()` until it gives nil, or what is buffered waits too. -1 after an error.
  package var socket: Int32 { isClosed || failure?.scope == .connection ? -1 : amqp_get_sockfd(state) }

  /// Whether `next()` has something to read that the socket doesn't show.
  package var hasBufferedInput: Bool {
    if backlogStart < backlog.count { return true }
    return !isClosed && (amqp_frames_enqueued(state) != 0 || amqp_data_in_buffer(state) != 0)
  }

  /// Whether publishing, consuming and settling are possible.
  package var isUsable: Bool { !isClosed && failure == nil }

  /// The broker's version, such as `3.10.8`; nil when it does not tell.
  package var serverVersion: String? {
    guard !isClosed, let properties = amqp_get_server_properties(state) else { return nil }
    for index in 0..<Int(properties.pointee.num_entries) {
      let entry = properties.pointee.entries[index]
      guard String(entry.key) == "version", entry.value.kind == UInt8(AMQP_FIELD_KIND_UTF8.rawValue) else {
        continue
      }
      return String(entry.value.value.bytes)
    }
    return nil
  }

  /// Says goodbye when the connection is whole, and lets go of it in any case. Unsettled deliveries go back.
  package func close() {
    guard !isClosed else { return }
    if failure?.scope != .connection {
      var request = amqp_connection_close_t()
      request.reply_code = UInt16(AMQP_REPLY_SUCCESS)
      _ = try? call(
        "close the connection", channel: 0, AMQP_CONNECTION_CLOSE_METHOD, &request,
        reply: AMQP_CONNECTION_CLOSE_OK_METHOD, within: min(timeout, .seconds(2)))
    }
    isClosed = true
    fail(.closed)
    amqp_destroy_connection(state)
  }

  func fail(_ error: RabbitMQError) {
    // An error of the connection outranks one of the channel; otherwise the first one is the cause.
    if failure == nil || (failure?.scope == .channel && error.scope == .connection) { failure = error }
  }

  /// The error of the message channel or the connection, if there is one.
  func checkUsable() throws(RabbitMQError) {
    if let failure { throw failure }
  }

  func checkConnected() throws(RabbitMQError) {
    if let failure, failure.scope == .connection { throw failure }
  }
}

extension RabbitMQError {
  fileprivate static let closed = RabbitMQError(
    operation: "use the connection to the broker", code: 0, text: "it was closed", scope: .connection,
    isRetriable: true)
}
