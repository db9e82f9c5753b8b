import Allegro
import AsyncHTTPClient
import BackMarket
import Clover
import Ebay
import Events
import JSON
import Logging
import Marketplaces
import Postgres
import Refurbed
import ServiceLifecycle
import Shopify
import Simulator
import Square
import TestServers
import Testing
import WooCommerce

import struct Foundation.UUID

/// How each platform's adapter is connected: one that is not here has no conformance.
enum Conformity {
  typealias Connect =
    @Sendable (MarketplaceConnection, ConnectionStore, HTTPClient) -> any MarketplaceAdapter

  static let adapters: [Platform: Connect] = [
    .allegro: { connection, store, http in
      AllegroAdapter.connect(
        to: connection, store: store, http: http, application: .init(clientId: nil, clientSecret: nil),
        logger: TestServers.silence)
    },
    .backmarket: { connection, store, http in
      BackMarketAdapter.connect(to: connection, store: store, http: http, logger: TestServers.silence)
    },
    .clover: { connection, store, http in
      CloverAdapter.connect(to: connection, store: store, http: http, logger: TestServers.silence)
    },
    .ebay: { connection, store, http in
      EbayAdapter.connect(to: connection, store: store, http: http, logger: TestServers.silence)
    },
    .refurbed: { connection, store, http in
      RefurbedAdapter.connect(to: connection, store: store, http: http, logger: TestServers.silence)
    },
    .woocommerce: { connection, store, http in
      WooCommerceAdapter.connect(to: connection, store: store, http: http, logger: TestServers.silence)
    },
    .square: { connection, store, http in
      SquareAdapter.connect(to: connection, store: store, http: http, logger: TestServers.silence)
    },
    .shopify: { connection, store, http in
      ShopifyAdapter.connect(to: connection, store: store, http: http, logger: TestServers.silence)
    },
  ]

  /// Every account that the simulator can open.
  static let accounts = Simulator.accountNames
}

/// One account of a running simulator, whose market stands still, and its adapter.
struct Bench: Sendable {
  let account: String
  let adapter: any MarketplaceAdapter
  let connection: MarketplaceConnection
  let database: Database
  let store: ConnectionStore
  let http: HTTPClient
  let origin: String
  let secrets: Secrets

  /// Opens the account; where there is to be trade, lets people buy there for a moment, and stops the market.
  static func with(
    _ account: String, trades: Bool = true, ordersPerSecond: Double = 20,
    _ body: @Sendable (Bench) async throws -> Void
  ) async throws {
    try await withSimulator(account, ordersPerSecond: ordersPerSecond) { origin, http in
      try await TestDatabase.with { test in
        try await test.withDatabase(connections: 4) { database in
          let key = try #require(SecretKey(base64: String(repeating: "A", count: 43) + "="))
          let store = ConnectionStore(database: database, keys: SecretKeys(current: key))
          let bench = try await make(
            account, database: database, store: store, http: http, origin: origin)
          if trades {
            _ = try await bench.control(.post, "/control/orders", ["count": 25])
            // The markets live by the clock: in a second orders are paid, edited and cancelled.
            try await Task.sleep(for: .milliseconds(1_000))
            _ = try await bench.control(.post, "/control/stop")
          }
          try await body(bench)
        }
      }
    }
  }

  private static func withSimulator(
    _ account: String, ordersPerSecond: Double,
    _ body: @Sendable (_ origin: String, _ http: HTTPClient) async throws -> Void
  ) async throws {
    var configuration = Simulator.Configuration()
    configuration.ordersPerSecond = ordersPerSecond
    configuration.listings = 12
    configuration.accounts = [account]
    var logger = Logger(label: "simulator")
    logger.logLevel = .critical
    let simulator = Simulator(configuration: configuration, logger: logger)
    let services = ServiceGroup(configuration: .init(services: [simulator], logger: logger))
    let http = HTTPTransport.makeClient()
    let result: Result<Void, any Error>
    do {
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await services.run() }
        let port = try #require(await simulator.boundPort)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await body("http://127.0.0.1:\(port)", http)) } catch {
          outcome = .failure(error)
        }
        await services.triggerGracefulShutdown()
        try await group.waitForAll()
        try outcome.get()
      }
      result = .success(())
    } catch {
      result = .failure(error)
    }
    try await http.shutdown()
    try result.get()
  }

  private static func make(
    _ account: String, database: Database, store: ConnectionStore, http: HTTPClient, origin: String
  ) async throws -> Bench {
    let control = HTTPTransport(client: http, baseURL: origin)
    let listed = try JSON.parse(try await control.send(MarketplaceCall(.get, "/control/accounts")).body)
    let found = try #require(listed.array.first { $0["name"].text == account })
    let platform = try #require(found["platform"].text.flatMap(Platform.init))
    let secrets = Secrets(found["credentials"].object)
    let dialect = found["dialect"].text.flatMap(MarketplaceConnection.Dialect.init) ?? .live
    let connection = try await store.add(
      ConnectionDraft(
        userId: "u", platform: platform, name: account, baseURL: try #require(found["baseURL"].text),
        dialect: dialect, start: .oldest, secrets: secrets))
    let connect = try #require(
      Conformity.adapters[platform], "\(platform) has no adapter in Conformity.adapters")
    return Bench(
      account: account, adapter: connect(connection, store, http), connection: connection,
      database: database, store: store, http: http, origin: origin, secrets: secrets)
  }

  /// Another adapter of the same platform, with another address or other credentials.
  func adapter(baseURL: String? = nil, secrets: Secrets? = nil) async throws -> any MarketplaceAdapter {
    let connection = try await store.add(
      ConnectionDraft(
        userId: "u", platform: connection.platform, name: UUID().uuidString,
        baseURL: baseURL ?? connection.baseURL,
        dialect: connection.dialect, secrets: secrets ?? self.secrets))
    let connect = try #require(Conformity.adapters[connection.platform])
    return connect(connection, store, http)
  }

  /// The credentials, every one of them wrong, with an access token that needs no refresh.
  var wrongSecrets: Secrets {
    var wrong = Secrets(secrets.values.mapValues { _ in "wrong" })
    wrong.set("accessToken", to: "wrong-token")
    wrong.set("expiresAt", to: "2099-01-01T00:00:00Z")
    return wrong
  }

  func control(
    _ method: MarketplaceCall.Method, _ path: String, _ body: JSON? = nil
  ) async throws -> JSON {
    let transport = HTTPTransport(client: http, baseURL: origin)
    let answer = try await transport.send(MarketplaceCall(method, path, body: body?.bytes))
    #expect(answer.status == 200, "\(path): \(answer.status)")
    return try JSON.parse(answer.body)
  }

  /// How many of each SKU there really are; each listing has its own.
  func trueStock() async throws -> [String: Int] {
    try await control(.get, "/truth/stock").array.reduce(into: [:]) { stock, listing in
      stock[listing["sku"].text ?? ""] = Int(listing["quantity"].integer ?? -1)
    }
  }
}
