import Events
import JSON
import Marketplaces
import NIOConcurrencyHelpers
import Postgres
import Realtime
import TestServers
import Testing
import Time

/// A marketplace that keeps subscriptions, and nothing else.
private final class Subscriptions: MarketplaceAdapter {
  let features: Features
  let all = NIOLockedValueBox<[WebhookSubscription]>([])
  let failure: MarketplaceError?

  init(topics: [String], failure: MarketplaceError? = nil) {
    features = Features(feeds: [], webhooks: true, webhookTopics: topics)
    self.failure = failure
  }

  func webhooks() async throws(MarketplaceError) -> [WebhookSubscription] {
    if let failure { throw failure }
    return all.withLockedValue { $0 }
  }

  func subscribe(to topic: String, url: String) async throws(MarketplaceError) {
    all.withLockedValue { $0.append(WebhookSubscription(id: "\($0.count)", topic: topic, url: url)) }
  }

  func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    throw .unsupported("no feeds")
  }
  func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? { nil }
  func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten { throw .unsupported("no stock") }
  func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    throw .notFound("listing")
  }
  func check() async throws(MarketplaceError) {}
}

@Suite struct WebhookUpkeepTests {
  @Test func `a lost subscription is registered again, once, and one connection's trouble is its own`()
    async throws
  {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 2) { database in
        let key = try #require(SecretKey(base64: String(repeating: "A", count: 43) + "="))
        let store = ConnectionStore(database: database, keys: SecretKeys(current: key))
        var shops: [MarketplaceConnection] = []
        for name in ["broken", "whole", "off"] {
          let shop = try await store.add(
            ConnectionDraft(
              userId: "u", platform: .shopify, name: name, baseURL: "http://x", secrets: Secrets()))
          if name != "off" { #expect(try await store.setRealtime(true, of: shop.id)) }
          shops.append(shop)
        }
        let broken = Subscriptions(topics: ["a"], failure: .network("cut"))
        let (whole, off) = (Subscriptions(topics: ["a", "b"]), Subscriptions(topics: ["a"]))
        let adapters = [shops[0].id: broken, shops[1].id: whole, shops[2].id: off]
        let upkeep = WebhookUpkeep(
          database: database, connections: store,
          adapters: Adapters([.shopify: { adapters[$0.id] ?? broken }]), baseURL: "https://shop.example",
          logger: TestServers.silence)
        let address = "https://shop.example/webhook/shopify/\(shops[1].key)"
        try await whole.subscribe(to: "a", url: address)
        try await whole.subscribe(to: "b", url: "https://somebody.else/")
        #expect(try await upkeep.tick() == 1)
        #expect(whole.all.withLockedValue { $0.filter { $0.url == address }.map(\.topic) } == ["a", "b"])
        #expect(try await upkeep.tick() == 0)
        #expect(off.all.withLockedValue { $0.isEmpty })
        let noted = try await database.withConnection { connection in
          try connection.query("SELECT body->'topics'->>0 FROM activity_log").map { $0.text(0) }
        }
        #expect(noted == ["b"])
      }
    }
  }
}
