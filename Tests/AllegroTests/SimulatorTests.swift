import Allegro
import AsyncHTTPClient
import Events
import JSON
import Logging
import Marketplaces
import ServiceLifecycle
import Simulator
import TestServers
import Testing
import Time

@Suite struct AgainstTheSimulatorTests {
  /// Runs a simulator, and makes a connection to one of its accounts.
  func withAdapter(
    _ account: String, _ dialect: MarketplaceConnection.Dialect,
    _ body: @Sendable (AllegroAdapter, ConnectionStore, MarketplaceConnection) async throws -> Void
  ) async throws {
    var configuration = Simulator.Configuration()
    configuration.ordersPerSecond = 200
    configuration.accounts = [account]
    var logger = Logger(label: "simulator")
    logger.logLevel = .error
    let simulator = Simulator(configuration: configuration, logger: logger)
    let services = ServiceGroup(configuration: .init(services: [simulator], logger: logger))
    let http = HTTPTransport.makeClient()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await services.run() }
      let port = try #require(await simulator.boundPort)
      let origin = HTTPTransport(client: http, baseURL: "http://127.0.0.1:\(port)")
      let listed = try await origin.send(MarketplaceCall(.get, "/control/accounts"))
      let found = try JSON.parse(listed.body).array.first { $0["name"].text == account }
      let base = try #require(found?["baseURL"].text)
      let secrets = Secrets(found?["credentials"].object ?? [:])
      try await TestDatabase.with { test in
        try await test.withDatabase(connections: 4) { database in
          let key = try #require(SecretKey(base64: String(repeating: "A", count: 43) + "="))
          let store = ConnectionStore(database: database, keys: SecretKeys(current: key))
          let connection = try await store.add(
            ConnectionDraft(
              userId: "u", platform: .allegro, name: account, baseURL: base, dialect: dialect,
              secrets: secrets))
          let adapter = AllegroAdapter.connect(
            to: connection, store: store, http: http, application: .init(clientId: nil, clientSecret: nil),
            logger: TestServers.silence)
          try await body(adapter, store, connection)
        }
      }
      await services.triggerGracefulShutdown()
      try await group.waitForAll()
    }
    try await http.shutdown()
  }

  /// Walks through a feed until some events have come.
  func events(_ adapter: AllegroAdapter, _ feed: Feed, atLeast count: Int) async throws -> [Event] {
    var events: [Event] = []
    var cursor: String?
    while events.count < count {
      let page = try await adapter.page(FeedRequest(feed: feed, cursor: cursor, limit: 20))
      events += page.events
      for case .failed(let reason) in page.items.map(\.meaning) { Issue.record("\(feed): \(reason)") }
      cursor = page.nextCursor
      if page.isLast { try await Task.sleep(for: .milliseconds(100)) }
    }
    return events
  }

  @Test(arguments: [
    ("allegro-live", MarketplaceConnection.Dialect.live), ("allegro-documented", .documented),
  ])
  func `orders, offers and listings are read in either dialect with real tokens`(
    account: String, dialect: MarketplaceConnection.Dialect
  ) async throws {
    try await withAdapter(account, dialect) { adapter, store, connection in
      try await adapter.check()
      #expect(try await store.secrets(of: connection.id)?.text("accessToken") != nil)
      let orders = try await events(adapter, .orderEvents, atLeast: 60)
      #expect(orders.allSatisfy { !($0.order?.lines ?? []).isEmpty && $0.order?.placedAt != nil })
      #expect(Set(orders.map(\.id)).count == orders.count)
      let offers = try await events(adapter, .offerEvents, atLeast: 60)
      #expect(offers.contains { $0.inventory?.quantity != nil })
      let listings = try await adapter.page(FeedRequest(feed: .listings, limit: 200))
      #expect(listings.listings.count == 200 && listings.items.count == 200)
      let listing = try #require(listings.listings.first?.externalId)
      let written = try await adapter.setQuantity(of: listing, to: 77, replacing: nil, idempotencyKey: "k")
      let read = try await adapter.listing(listing)
      #expect(written.quantity == 77 && read.listing.quantity.map { $0 <= 77 } == true)
    }
  }

  @Test func `the wrong dialect is found out before anything is kept`() async throws {
    try await withAdapter("allegro-live", .documented) { adapter, _, _ in
      do {
        _ = try await events(adapter, .orderEvents, atLeast: 500)
        Issue.record("it read on")
      } catch let error as MarketplaceError {
        #expect(error.errorClass == .cursorIgnored)
      }
    }
  }

  @Test func `an account without order events has its orders in the list`() async throws {
    try await withAdapter("allegro-noevents", .documented) { adapter, _, connection in
      await #expect(throws: MarketplaceError.notFound("/order/events")) {
        try await adapter.page(FeedRequest(feed: .orderEvents, limit: 10))
      }
      while true {
        let window = FeedRequest.Window(from: connection.createdAt - .seconds(60), to: .now() + .seconds(5))
        let page = try await adapter.page(FeedRequest(feed: .orders, window: window, limit: 20))
        if page.items.count >= 5 { break }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
  }
}
