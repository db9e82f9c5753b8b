/// A marketplace that a connection can belong to.
package enum Platform: String, CaseIterable, Sendable {
  case allegro, shopify, backmarket, refurbed, square, clover, ebay, woocommerce

  /// Whether it merges orders: their lines then go to a new order under the same ids, and the old ones are gone (Rule 5).
  package var mergesOrders: Bool { self == .allegro }

  /// Whether the buyer of an order can be written to through its API.
  package var takesMessages: Bool { [.allegro, .ebay, .woocommerce].contains(self) }
}
