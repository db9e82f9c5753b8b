package import Hummingbird
import NIOCore
import NIOWebSocket

/// A path at which callers open a WebSocket (RFC 6455).
package struct WebSocketEndpoint: Sendable {
  package var path: String
  /// Refuses a request before the socket is opened.
  package var admit: @Sendable (Request, Caller) throws -> Void
  /// Runs as long as the socket is open; returning closes it.
  package var serve: @Sendable (Request, Caller, WebSocketWriter) async throws -> Void

  package init(
    path: String, admit: @escaping @Sendable (Request, Caller) throws -> Void,
    serve: @escaping @Sendable (Request, Caller, WebSocketWriter) async throws -> Void
  ) {
    self.path = path
    self.admit = admit
    self.serve = serve
  }
}

/// The way to the client; a write waits as long as the client doesn't read.
package struct WebSocketWriter: Sendable {
  let outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>

  package func send(_ text: String) async throws {
    try await outbound.write(WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text)))
  }
}
