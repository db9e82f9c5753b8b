import AsyncHTTPClient
import Commands
import Foundation
import JSON
import Marketplaces
import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import Simulator
import TestServers
import Testing

struct CodeReplyTests {
  @Test func `the address that the browser ended at is read, and so is the code alone`() {
    #expect(CodeReply("http://localhost:8000/callback?code=a%2Bb&state=s\n", state: "s") == .code("a+b"))
    #expect(CodeReply("/callback?state=s&code=c", state: "s") == .code("c"))
    #expect(CodeReply(" c0de ", state: "s") == .code("c0de"))
    #expect(
      CodeReply("http://localhost:8000/callback?error=access_denied&state=s", state: "s")
        == .refused("access_denied"))
  }

  @Test func `an answer to another question, and what is no answer, is not taken`() {
    #expect(CodeReply("http://localhost:8000/callback?code=c&state=t", state: "s") == .foreign)
    #expect(CodeReply("http://localhost:8000/callback?code=c", state: "s") == .foreign)
    for nothing in ["", "  ", "no idea", "http://localhost:8000/callback", "/callback?state=s&code="] {
      #expect(CodeReply(nothing, state: "s") == nil)
    }
  }
}

/// Owners' browsers against the simulated marketplaces.
struct AuthorizationTests {
  /// Says yes on the page, and answers where the marketplace sends the browser.
  static func agree(on page: String, _ http: HTTPClient) async throws -> String {
    let answer = try await http.execute(HTTPClientRequest(url: page), timeout: .seconds(10))
    return try #require(answer.headers.first(name: "location"))
  }

  /// A port of this machine that nobody listens on.
  static func freePort() async throws -> Int {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .bind(host: "127.0.0.1", port: 0).get()
    defer { channel.close(promise: nil) }
    return try #require(channel.localAddress?.port)
  }

  static func withShops(
    _ names: Set<String>, _ body: @Sendable (TestProgram, [JSON], HTTPClient) async throws -> Void
  ) async throws {
    var configuration = Simulator.Configuration()
    (configuration.accounts, configuration.ordersPerSecond) = (names, 1)
    let simulator = Simulator(configuration: configuration, logger: TestServers.silence)
    let services = ServiceGroup(configuration: .init(services: [simulator], logger: TestServers.silence))
    let http = HTTPTransport.makeClient()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await services.run() }
      let port = try #require(await simulator.boundPort)
      let origin = HTTPTransport(client: http, baseURL: "http://127.0.0.1:\(port)")
      let accounts = try JSON.parse(try await origin.send(MarketplaceCall(.get, "/control/accounts")).body)
      try await ConnectionsTests.withProgram { try await body($0, accounts.array, http) }
      await services.triggerGracefulShutdown()
      try await group.waitForAll()
    }
    try await http.shutdown()
  }

  @Test func `the credentials that the simulator names are those that connections are added with`()
    async throws
  {
    let all: Set = [
      "allegro-live", "backmarket", "clover", "ebay", "refurbed", "shopify", "square", "woocommerce",
    ]
    try await Self.withShops(all) { program, accounts, _ in
      #expect(accounts.count == all.count)
      for account in accounts {
        let (platform, secrets) = (account["platform"].text ?? "", account["credentials"].description)
        let added = await ConnectionsTests.add(program, name: "main", platform: platform, secrets: secrets)
        #expect(added.status == 0, "\(platform): \(added.said)")
      }
    }
  }

  /// Adds the account with nothing but our application's id and secret.
  static func add(_ account: JSON, to program: TestProgram) async throws -> String {
    var program = program
    let known = account["credentials"].object.filter { ["clientId", "clientSecret"].contains($0.key) }
    program.input = JSON.object(known).description
    let added = await program.run(
      "connections", "add", "--platform", account["platform"].text ?? "", "--name",
      account["name"].text ?? "", "--user", "u", "--base-url", account["baseURL"].text ?? "", "--secrets", "-"
    )
    return try #require(added.printed.first, "\(added.said)")
  }

  @Test func `a browser that comes back to this machine brings the code, and the tokens are kept`()
    async throws
  {
    try await Self.withShops(["allegro-live"]) { program, accounts, http in
      let id = try await Self.add(try #require(accounts.first), to: program)
      #expect(await program.run("connections", "test", id).status == 1)
      let (pages, feed) = AsyncStream.makeStream(of: String.self)
      var program = program
      program.watch = { feed.yield($0) }
      let port = try await Self.freePort()
      async let outcome = program.run(
        "connections", "authorize", id, "--redirect-url", "http://localhost:\(port)/callback")
      let page = try #require(await pages.first { _ in true })
      let end = try await Self.agree(on: page, http)
      // Somebody else's answer is not taken.
      let foreign = HTTPClientRequest(url: "http://localhost:\(port)/callback?code=stolen&state=guessed")
      _ = try await http.execute(foreign, timeout: .seconds(5))
      _ = try await http.execute(HTTPClientRequest(url: end), timeout: .seconds(5))
      let done = await outcome
      #expect(done.status == 0, "\(done.said)")
      #expect(done.said.contains { $0.contains("another question") })
      #expect(!done.said.joined().contains("token="))
      let tested = await program.run("connections", "test", id, "--format", "json")
      #expect(tested.status == 0 && tested.printed.first?.contains(#""accepted":true"#) == true)
    }
  }

  @Test func `the address that a browser elsewhere ended at can be pasted`() async throws {
    try await Self.withShops(["ebay", "shopify"]) { program, accounts, http in
      for account in accounts {
        let id = try await Self.add(account, to: program)
        let (pages, feed) = AsyncStream.makeStream(of: String.self)
        let keyboard = Keyboard()
        var program = program
        program.watch = { feed.yield($0) }
        program.typed = { keyboard.readLine() }
        async let outcome = program.run(
          "connections", "authorize", id, "--redirect-url", "https://shop.example/callback")
        keyboard.type(try await Self.agree(on: try #require(await pages.first { _ in true }), http))
        let done = await outcome
        #expect(done.status == 0, "\(account["name"]): \(done.said)")
        #expect(await program.run("connections", "test", id).status == 0)
      }
      #expect(await program.run("connections", "test").status == 0)
    }
  }

  @Test func `a marketplace that gives tokens in its own pages says so`() async throws {
    try await Self.withShops(["square"]) { program, accounts, _ in
      let id = try await Self.add(try #require(accounts.first), to: program)
      let outcome = await program.run("connections", "authorize", id)
      #expect(outcome.status == 64 && outcome.said.joined().contains("rotate-secret"))
    }
  }
}
