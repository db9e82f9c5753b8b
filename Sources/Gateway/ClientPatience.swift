package import NIOCore

/// How long the gateway waits for a client before it ends the connection.
package struct ClientPatience: Sendable {
  /// How long a request may take to arrive whole, from the connection's beginning or the request's.
  package var request: TimeAmount
  /// How long a connection may do nothing.
  package var idle: Duration

  package init(request: TimeAmount = .seconds(20), idle: Duration = .seconds(30)) {
    self.request = request
    self.idle = idle
  }
}
