/// A stock row after the ledger changed it (`stock.changed`) or saw it fall below the threshold (`stock.low`).
package struct Stock: Hashable, Sendable {
  package var variationId: Int64?
  package var sku: String?
  package var marketplaceId: Int?
  /// Below zero when oversold.
  package var onHand: Int
  package var listedStock: Int
  /// What changed it, as the history calls it.
  package var cause: String?

  package init(
    variationId: Int64?, sku: String?, marketplaceId: Int?, onHand: Int, listedStock: Int,
    cause: String? = nil
  ) {
    self.variationId = variationId
    self.sku = sku
    self.marketplaceId = marketplaceId
    self.onHand = onHand
    self.listedStock = listedStock
    self.cause = cause
  }
}

/// Goods that came in (`stock.topup`).
package struct Topup: Hashable, Sendable {
  /// A SKU, a variation, or both: never neither.
  package var sku: String?
  package var variationId: Int64?
  package var quantity: Int
  package var adminId: String?
  package var notes: String?

  package init(
    sku: String?, variationId: Int64? = nil, quantity: Int, adminId: String? = nil, notes: String? = nil
  ) {
    self.sku = sku
    self.variationId = variationId
    self.quantity = quantity
    self.adminId = adminId
    self.notes = notes
  }
}
