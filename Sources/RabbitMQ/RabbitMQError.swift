import CRabbitMQ

/// What the broker or the connection refused, and what is lost by it.
package struct RabbitMQError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What the caller has lost.
  package enum Scope: Sendable {
    /// Only this request: the connection goes on as before.
    case request
    /// The channel with its consumers, unsettled deliveries and outstanding confirms: `reopenChannel()`.
    case channel
    /// The connection: close it and open another.
    case connection
  }

  /// What was being done, as in "cannot …".
  package let operation: String
  /// The broker's reply code (404, 406, …), or the library's negative status.
  package let code: Int
  /// The broker's or the library's words.
  package let text: String
  package let scope: Scope
  /// Whether the same may work later with nothing changed in configuration or code.
  package let isRetriable: Bool

  package init(operation: String, code: Int, text: String, scope: Scope, isRetriable: Bool) {
    self.operation = operation
    self.code = code
    self.text = text
    self.scope = scope
    self.isRetriable = isRetriable
  }

  package var description: String { "cannot \(operation): \(text) (\(code))" }
}

extension RabbitMQError {
  /// A broker's channel.close or connection.close.
  init(_ operation: String, closedWith code: UInt16, text: String, scope: Scope) {
    self.init(
      operation: operation, code: Int(code), text: text, scope: scope,
      isRetriable: Self.isRetriable(code: code, text: text))
  }

  /// A status of librabbitmq; the connection can't be used after any of them.
  init(_ operation: String, status: Int32) {
    let permanent: Set<Int32> = [
      AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED.rawValue, AMQP_STATUS_SSL_PEER_VERIFY_FAILED.rawValue,
      AMQP_STATUS_INCOMPATIBLE_AMQP_VERSION.rawValue, AMQP_STATUS_BROKER_UNSUPPORTED_SASL_METHOD.rawValue,
    ]
    self.init(
      operation: operation, code: Int(status), text: String(cString: amqp_error_string2(status)),
      scope: .connection, isRetriable: !permanent.contains(status))
  }

  /// A request that was not sent because it can't be.
  init(_ operation: String, unusable text: String) {
    self.init(operation: operation, code: 0, text: text, scope: .request, isRetriable: false)
  }

  /// The broker's codes that time heals: shutdown, lack of resources, a queue held by another, a node that is down.
  private static func isRetriable(code: UInt16, text: String) -> Bool {
    switch code {
    case 320, 405, 506, 541: true
    case 404: text.contains("down or inaccessible")
    default: false
    }
  }
}
