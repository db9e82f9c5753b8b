import Gateway
import Hummingbird
import HummingbirdTesting
import NIOCore
import NIOPosix
import Testing

@Suite struct SlowClientTests {
  /// Runs `body` beside a gateway that does not wait long for a request.
  private func withGateway(
    request: TimeAmount = .milliseconds(300),
    _ body: @escaping @Sendable (any TestClientProtocol, Int) async throws -> Void
  )
    async throws
  {
    let door = Door(routes: Nothing())
    let gateway = try await door.gateway(
      patience: .init(request: request))
    try await gateway.application.test(.live) { client in
      try await body(client, try #require(client.port))
    }
  }

  @Test("A client that never ends the head of its request is cut off", .timeLimit(.minutes(1)))
  func head() async throws {
    try await withGateway { _, port in
      let client = try await SlowClient(port: port)
      await client.drip("GET /health/live HTTP/1.1\r\nHost: localhost\r\nX-Never: ")
      try await client.cutOff()
    }
  }

  @Test(
    "A client that never ends its body is cut off, though it sends a byte now and then",
    .timeLimit(.minutes(1)))
  func body() async throws {
    try await withGateway { _, port in
      let client = try await SlowClient(port: port)
      await client.drip("POST /health/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
      try await client.cutOff()
    }
  }

  @Test("A client that says nothing is cut off", .timeLimit(.minutes(1)))
  func silence() async throws {
    try await withGateway { _, port in
      try await SlowClient(port: port).cutOff()
    }
  }

  @Test("Five hundred slow clients do not keep others waiting", .timeLimit(.minutes(1)))
  func crowd() async throws {
    try await withGateway(request: .seconds(1)) { client, port in
      #expect(try await client.execute(uri: "/health/live", method: .get) { $0.status } == .ok)
      var crowd: [SlowClient] = []
      for _ in 0..<500 {
        let slow = try await SlowClient(port: port)
        await slow.drip("POST /health/live HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
        crowd.append(slow)
      }
      let began = ContinuousClock.now
      let status = try await client.execute(uri: "/health/live", method: .get) { $0.status }
      #expect(status == .ok)
      #expect(ContinuousClock.now - began < .seconds(2))
      for slow in crowd { try await slow.cutOff() }
    }
  }
}

private struct Nothing: Routes {
  func add(to routes: GatewayRoutes) {}
}

/// A connection over which a byte now and then is sent, until the other side ends it.
private struct SlowClient {
  private let channel: any Channel

  init(port: Int) async throws {
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port).get()
  }

  func drip(_ beginning: String) async {
    let channel = channel
    channel.writeAndFlush(ByteBuffer(string: beginning), promise: nil)
    let drops = channel.eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(50)) { _ in
      channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
    }
    channel.closeFuture.whenComplete { _ in drops.cancel() }
  }

  /// Returns when the other side has ended the connection.
  func cutOff() async throws { try await channel.closeFuture.get() }
}
