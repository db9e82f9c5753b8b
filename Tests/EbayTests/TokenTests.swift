import AsyncHTTPClient
import Ebay
import Events
import JSON
import Logging
import Marketplaces
import ServiceLifecycle
import Simulator
import TestServers
import Testing

@Suite struct TokenTests {
  @Test func `the refresh token stays, and the access token is kept beside it`() async throws {
    var configuration = Simulator.Configuration()
    (configuration.accounts, configuration.ordersPerSecond) = (["ebay"], 20)
    let simulator = Simulator(configuration: configuration, logger: TestServers.silence)
    let services = ServiceGroup(configuration: .init(services: [simulator], logger: TestServers.silence))
    let http = HTTPTransport.makeClient()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await services.run() }
      let port = try #require(await simulator.boundPort)
      let origin = HTTPTransport(client: http, baseURL: "http://127.0.0.1:\(port)")
      let account = try JSON.parse(
        try await origin.send(MarketplaceCall(.get, "/control/accounts")).body)[0]
      try await TestDatabase.with { test in
        try await test.withDatabase(connections: 2) { database in
          let key = try #require(SecretKey(base64: String(repeating: "A", count: 43) + "="))
          let store = ConnectionStore(database: database, keys: SecretKeys(current: key))
          let connection = try await store.add(
            ConnectionDraft(
              userId: "u", platform: .ebay, name: "ebay", baseURL: account["baseURL"].text ?? "",
              secrets: Secrets(account["credentials"].object)))
          let adapter = EbayAdapter.connect(
            to: connection, store: store, http: http, logger: TestServers.silence)
          try await adapter.check()
          let secrets = try #require(try await store.secrets(of: connection.id))
          #expect(secrets.text("accessToken") != nil)
          #expect(secrets.text("refreshToken") == account["credentials"]["refreshToken"].text)
        }
      }
      await services.triggerGracefulShutdown()
      try await group.waitForAll()
    }
    try await http.shutdown()
  }
}
