package import Events

/// A listing as the marketplace's list shows it.
package struct Listing: Sendable, Equatable {
  package var externalId: String
  package var sku: String?
  package var title: String?
  /// Nil when the marketplace doesn't say, or says something that is not a whole number.
  package var quantity: Int?
  package var price: Money?
  package var currency: String?
  /// The marketplace's own word for it.
  package var status: String?

  package init(
    externalId: String, sku: String? = nil, title: String? = nil, quantity: Int? = nil, price: Money? = nil,
    currency: String? = nil, status: String? = nil
  ) {
    self.externalId = externalId
    self.sku = sku
    self.title = title
    self.quantity = quantity
    self.price = price
    self.currency = currency
    self.status = status
  }
}
