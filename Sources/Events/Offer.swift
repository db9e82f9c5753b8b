package import Time

/// A marketplace's listing of something for sale.
package struct Offer: Hashable, Sendable {
  package var externalId: String
  package var sku: String?
  package var title: String?
  package var status: String?
  package var price: Money?
  /// ISO 4217.
  package var currency: String?
  package var updatedAt: Timestamp?

  package init(
    externalId: String, sku: String? = nil, title: String? = nil, status: String? = nil, price: Money? = nil,
    currency: String? = nil, updatedAt: Timestamp? = nil
  ) {
    self.externalId = externalId
    self.sku = sku
    self.title = title
    self.status = status
    self.price = price
    self.currency = currency
    self.updatedAt = updatedAt
  }
}
