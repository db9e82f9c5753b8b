/// A marketplace that a connection can belong to.
package enum Platform: String, CaseIterable, Sendable {
  case allegro, shopify, backmarket, refurbed, square, clover, ebay, woocommerce
}
