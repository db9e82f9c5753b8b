package import Hummingbird
import NIOCore
import NIOWebSocket

/// A path at which callers open a WebSocket (RFC 6455).
package struct WebSocketEndpoint: Sendable {
  /// Runs as long as the socket is open; returning closes it.
  package typealias Serve = @Sendable (WebSocketWriter) async throws -> Void

  package var path: String
  /// Before the socket is opened: refuses the request, or answers what is to be served. What happens from then on is the
  /// caller's to hear.
  package var admit: @Sendable (Request, Caller) async throws -> Serve

  package init(path: String, admit: @escaping @Sendable (Request, Caller) async throws -> Serve) {
    self.path = path
    self.admit = admit
  }
}

/// The way to the client; a write waits as long as the client doesn't read.
package struct WebSocketWriter: Sendable {
  let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>

  package func send(_ text: String) async throws {
    try await outbound.write(WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text)))
  }
}
