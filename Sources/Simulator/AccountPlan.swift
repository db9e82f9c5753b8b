/// An account that the simulator can open: a new marketplace adds its own to `all`.
struct AccountPlan: Sendable {
  /// As in "allegro-live".
  var name: String
  /// Tells its seed from the others'.
  var number: UInt64
  /// What its market does not do, or does otherwise than the usual one.
  var adapt: @Sendable (inout Behaviour) -> Void = { _ in }
  var open: @Sendable (_ market: Market, _ seed: UInt64, _ configuration: Simulator.Configuration) -> any Shop

  static let all: [AccountPlan] =
    AllegroAccount.allCases.map(\.plan) + [
      .backMarket, .clover, .ebay, .refurbed, .shopify, .square, .wooCommerce,
    ]
}

extension AllegroAccount {
  fileprivate var plan: AccountPlan {
    AccountPlan(
      name: rawValue, number: number, adapt: { $0.disputed = 0.03 },
      open: { market, seed, configuration in
        AllegroShop(
          account: self, market: market, seed: seed, requestsPerMinute: configuration.requestsPerMinute,
          tokenLifetime: configuration.tokenLifetime)
      })
  }
}
