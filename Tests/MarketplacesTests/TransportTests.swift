import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import Logging
import Marketplaces
import ServiceLifecycle
import Testing
import Time

@Suite struct TransportTests {
  /// Runs a server of a few answers, and a transport to it.
  func withTransport(_ body: @Sendable (HTTPTransport) async throws -> Void) async throws {
    let router = Router()
    router.get("/echo") { request, _ in request.uri.description }
    router.get("/large") { _, _ in String(repeating: "x", count: HTTPTransport.largestBody + 1) }
    router.get("/elsewhere") { _, _ in Response.redirect(to: "/echo") }
    var logger = Logger(label: "tests")
    logger.logLevel = .critical
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let app = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: logger)
    let client = HTTPTransport.makeClient()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await app.run() }
      let number = await ports.first { _ in true } ?? 0
      try await body(HTTPTransport(client: client, baseURL: "http://127.0.0.1:\(number)/"))
      group.cancelAll()
    }
    try await client.shutdown()
  }

  @Test func `path and query arrive as they were meant, and the answer has a date`() async throws {
    try await withTransport { transport in
      let answer = try await transport.send(
        MarketplaceCall(.get, "/echo", query: [("a", "1+1"), ("b", "ü")]))
      #expect(String(decoding: answer.body, as: UTF8.self) == "/echo?a=1%2B1&b=%C3%BC")
      #expect(answer.date != nil)
    }
  }

  @Test func `an answer beyond the limit is refused, a redirection not followed`() async throws {
    try await withTransport { transport in
      await #expect(throws: MarketplaceError.malformed("it is larger than 8 MB")) {
        try await transport.send(MarketplaceCall(.get, "/large"))
      }
      let answer = try await transport.send(MarketplaceCall(.get, "/elsewhere"))
      #expect(answer.status / 100 == 3)
    }
  }

  @Test func `a file without certificates is no list of authorities`() throws {
    for path in ["/nosuch", "/etc/hostname"] {
      #expect(throws: (any Error).self) { try HTTPTransport.makeClient(authorities: path) }
    }
  }

  @Test func `nobody there is a network error, and so is an address that is none`() async throws {
    let client = HTTPTransport.makeClient()
    for address in ["http://127.0.0.1:1", "no url"] {
      do {
        _ = try await HTTPTransport(client: client, baseURL: address).send(MarketplaceCall(.get, "/"))
        Issue.record("an answer")
      } catch {
        #expect(error.errorClass == .network)
      }
    }
    try await client.shutdown()
  }
}
