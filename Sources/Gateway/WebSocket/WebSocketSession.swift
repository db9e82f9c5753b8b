import Hummingbird
import NIOConcurrencyHelpers
import NIOCore
import NIOWebSocket
import ServiceLifecycle

/// One open socket: what the endpoint sends, what the client says, and pings in between.
struct WebSocketSession: Sendable {
  let channel: NIOAsyncChannel<WebSocketFrame, WebSocketFrame>
  let serve: WebSocketEndpoint.Serve

  static let pingEvery = Duration.seconds(20)
  static let patience = Duration.seconds(60)

  func run() async throws {
    try await channel.executeThenClose { inbound, outbound in
      let code = await cancelWhenGracefulShutdown {
        await talk(inbound, outbound)
      }
      // Nil: the client is gone, or doesn't read.
      guard let code else { return }
      var data = ByteBuffer()
      data.write(webSocketErrorCode: code)
      try await outbound.write(WebSocketFrame(fin: true, opcode: .connectionClose, data: data))
    }
  }

  /// Until one of the sides has had enough; answers the code to close with.
  private func talk(
    _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
    _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>
  ) async -> WebSocketErrorCode? {
    let heard = NIOLockedValueBox(ContinuousClock.now)
    return await withTaskGroup(of: WebSocketErrorCode?.self) { group in
      group.addTask {
        do {
          try await serve(WebSocketWriter(outbound: outbound))
          return .goingAway
        } catch is CancellationError {
          return .goingAway
        } catch is Problem {
          return .unknown(1_013)  // try again later (RFC 6455, registry of close codes)
        } catch {
          // It doesn't read: a farewell would wait for it like all else.
          return nil
        }
      }
      group.addTask { try? await listen(inbound, outbound, heard) }
      group.addTask { await ping(outbound, heard) }
      let code = await group.next() ?? nil
      group.cancelAll()
      return code
    }
  }

  /// Clients have nothing to say here but control frames; what else they say is passed over.
  private func listen(
    _ inbound: NIOAsyncChannelInboundStream<WebSocketFrame>,
    _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>,
    _ heard: NIOLockedValueBox<ContinuousClock.Instant>
  ) async throws -> WebSocketErrorCode? {
    for try await frame in inbound {
      heard.withLockedValue { $0 = .now }
      // RFC 6455, 5.1: what a client sends is masked.
      guard frame.maskKey != nil else { return .protocolError }
      switch frame.opcode {
      case .ping: try await outbound.write(WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData))
      case .connectionClose:
        var data = frame.unmaskedData
        return data.readWebSocketErrorCode() ?? .normalClosure
      default: break
      }
    }
    return nil
  }

  private func ping(
    _ outbound: NIOAsyncChannelOutboundWriter<WebSocketFrame>,
    _ heard: NIOLockedValueBox<ContinuousClock.Instant>
  ) async -> WebSocketErrorCode? {
    while true {
      do {
        try await Task.sleep(for: Self.pingEvery)
        guard ContinuousClock.now - heard.withLockedValue({ $0 }) < Self.patience else { return nil }
        try await outbound.write(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer()))
      } catch {
        return nil
      }
    }
  }
}
