extension AccountPlan {
  /// Every change of an order moves its `updatedAt`, orders don't merge, and nothing is told of strangers.
  static let shopify = AccountPlan(
    name: "shopify", number: 20,
    adapt: { behaviour in
      (behaviour.merged, behaviour.silentlyCancelled, behaviour.strangers) = (0, 0, 0)
      behaviour.disputed = 0.05
    },
    open: { market, seed, _ in ShopifyShop(market: market, seed: seed) })
}
