import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Logging
import NIOConcurrencyHelpers
import Testing

struct TrustedProxiesTests {
  @Test func `nobody is believed who is not named`() throws {
    let nobody = TrustedProxies()
    #expect(nobody.client(peer: "10.0.0.1", forwarded: ["203.0.113.9"]) == "10.0.0.1")
    let one = try #require(TrustedProxies(["10.0.0.1"]))
    #expect(one.client(peer: "10.0.0.2", forwarded: ["203.0.113.9"]) == "10.0.0.2")
    #expect(one.client(peer: "10.0.0.1", forwarded: []) == "10.0.0.1")
  }

  @Test func `the last client that no trusted proxy has is the one, whatever stands before it`() throws {
    let proxies = try #require(TrustedProxies(["10.0.0.0/8", "2001:db8::1", "192.168.1.7"]))
    #expect(proxies.client(peer: "10.1.2.3", forwarded: ["1.1.1.1, 203.0.113.9"]) == "203.0.113.9")
    #expect(
      proxies.client(peer: "10.1.2.3", forwarded: ["1.1.1.1", "203.0.113.9,192.168.1.7"]) == "203.0.113.9")
    #expect(proxies.client(peer: "2001:db8::1", forwarded: ["2001:db8::2"]) == "2001:db8::2")
    #expect(proxies.client(peer: "::ffff:10.9.9.9", forwarded: ["198.51.100.4"]) == "198.51.100.4")
    #expect(
      proxies.client(peer: "10.1.2.3", forwarded: ["10.4.4.4"]) == "10.4.4.4", "all of them are proxies")
  }

  @Test func `what is no address is believed no further`() throws {
    let proxies = try #require(TrustedProxies(["10.0.0.0/8"]))
    for name in ["unknown", "", "10.0.0.0/8", "203.0.113.9:80", "a\u{1b}[2J"] {
      #expect(proxies.client(peer: "10.0.0.1", forwarded: ["1.1.1.1, \(name)"]) == "10.0.0.1", "\(name)")
    }
  }

  @Test func `a network is an address with at most as many bits as it has`() {
    for text in ["10.0.0.0/33", "10.0.0/8", "proxy.example", "::1/129", "10.0.0.0/", "10.0.0.0/-1", ""] {
      #expect(TrustedProxies([text]) == nil, "\(text)")
    }
    #expect(
      TrustedProxies(["0.0.0.0/0", "::/0"])?.client(peer: "9.9.9.9", forwarded: ["8.8.8.8"]) == "8.8.8.8")
  }

  @Test func `the log of a refused caller names the client behind the proxy`() async throws {
    let clients = NIOLockedValueBox<[String]>([])
    let gateway = Gateway(
      host: "127.0.0.1", port: 0, metrics: .init(), ready: [], routes: [Guarded()],
      authenticator: try await Authenticator(secret: Door.secret),
      proxies: try #require(TrustedProxies(["127.0.0.0/8"])),
      logger: Logger(label: "tests") { _ in Recorder(clients: clients) })
    try await gateway.application.test(.live) { client in
      let name = try #require(HTTPField.Name("X-Forwarded-For"))
      let answer = try await client.execute(
        uri: "/guarded", method: .get, headers: [name: "203.0.113.9"], body: nil)
      #expect(answer.status == .unauthorized)
    }
    #expect(clients.withLockedValue { $0 } == ["203.0.113.9"])
  }
}

private struct Guarded: Routes {
  func add(to routes: GatewayRoutes) {
    routes.guarded.get("/guarded") { _, _ in Response.json([:]) }
  }
}

/// Keeps the clients that warnings and notices name.
private struct Recorder: LogHandler {
  let clients: NIOLockedValueBox<[String]>
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.notice

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    if let client = all["client"] { clients.withLockedValue { $0.append("\(client)") } }
  }
}
