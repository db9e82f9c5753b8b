package import Events
package import JSON
package import Marketplaces
import NIOConcurrencyHelpers
import Simulator
package import Time

import struct Foundation.UUID

/// A simulated shop without a socket, whose clock stands still until it is told to go on.
package final class ShopTransport: MarketplaceTransport {
  private struct State {
    var shop: any Shop
    var now: Timestamp
    var calls: [MarketplaceCall] = []
  }

  private let state: NIOLockedValueBox<State>

  /// The shop of an account of the simulator; nil when there is no such account.
  package init?(
    _ account: String, ordersPerSecond: Double = 8, seed: UInt64 = 1, listings: Int = 200,
    start: Timestamp = Timestamp(secondsSince1970: 1_763_700_000)
  ) {
    var configuration = Simulator.Configuration()
    (configuration.ordersPerSecond, configuration.seed) = (ordersPerSecond, seed)
    configuration.listings = listings
    guard let shop = Simulator.shop(of: account, configuration, at: start) else { return nil }
    state = NIOLockedValueBox(State(shop: shop, now: start))
  }

  package var now: Timestamp { state.withLockedValue { $0.now } }
  package var credentials: JSON { state.withLockedValue { $0.shop.credentials } }
  package var calls: [MarketplaceCall] { state.withLockedValue { $0.calls } }

  /// Lets the market live on.
  package func wait(_ duration: Duration) {
    state.withLockedValue { state in
      state.now = state.now + duration
      state.shop.market.advance(to: state.now)
    }
  }

  /// Makes the market quiet.
  package func stop() {
    state.withLockedValue { $0.shop.market.stop(at: $0.now) }
    wait(.seconds(2))
  }

  /// A buyer orders, so many times.
  package func placeOrders(_ count: Int) {
    state.withLockedValue { state in _ = state.shop.market.placeOrders(count, at: state.now) }
  }

  /// The truth about orders, as `GET /truth/orders` has it.
  package func orders() throws -> [JSON] {
    try state.withLockedValue { state in
      var json = JSONWriter()
      json.beginArray()
      state.shop.market.writeOrders(of: state.shop, into: &json)
      json.endArray()
      return try JSON.parse(json.bytes).array
    }
  }

  /// The orders that buyers complain of.
  package func disputedOrders() -> Set<String> {
    state.withLockedValue { state in
      Set(state.shop.market.disputes.map { state.shop.externalId(of: state.shop.market.orders[$0.order]) })
    }
  }

  /// How much there is of each SKU.
  package func stock() -> [String: Int] {
    state.withLockedValue { state in
      Dictionary(state.shop.market.listings.map { ($0.sku, $0.stock) }, uniquingKeysWith: +)
    }
  }

  package func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
    state.withLockedValue { state in
      state.calls.append(call)
      var headers: [String: String] = [:]
      for (name, value) in call.headers { headers[name.lowercased()] = value }
      let request = Request(call.method.rawValue, call.target, headers: headers, body: call.body ?? [])
      state.shop.market.advance(to: state.now)
      let response = state.shop.answer(request, at: state.now)
      var answered = ["date": response.readAt.httpDate]
      for (name, value) in response.headers { answered[name.lowercased()] = value }
      return MarketplaceAnswer(status: response.status, headers: answered, body: response.body)
    }
  }
}

extension MarketplaceConnection {
  /// A connection for tests without a database.
  package static func test(
    _ platform: Platform, name: String = "shop", userId: String = "u1", baseURL: String = "http://shop",
    createdAt: Timestamp = Timestamp(secondsSince1970: 1_763_600_000)
  ) -> MarketplaceConnection {
    MarketplaceConnection(
      id: UUID(uuidString: "6F1C0000-0000-4000-8000-000000000001") ?? UUID(), userId: userId,
      platform: platform, marketplaceId: 7, name: name, baseURL: baseURL, dialect: .live, mode: .live,
      start: .oldest, syncRules: .null, realtimeEnabled: false, isEnabled: true, createdAt: createdAt,
      updatedAt: createdAt)
  }
}
