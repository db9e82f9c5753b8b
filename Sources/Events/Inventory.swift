package import Time

/// What a marketplace says is available of a listing at one location; a listing's quantity is the sum over locations.
package struct Inventory: Hashable, Sendable {
  /// A listing, a SKU, or both: never neither.
  package var listingId: String?
  package var sku: String?
  package var locationId: String?
  /// Nil when the marketplace does not know.
  package var quantity: Int?
  /// The moment it was true, by the marketplace's clock; the event's time where the producer says none.
  package var asOf: Timestamp

  package init(
    listingId: String?, sku: String? = nil, locationId: String? = nil, quantity: Int?, asOf: Timestamp
  ) {
    self.listingId = listingId
    self.sku = sku
    self.locationId = locationId
    self.quantity = quantity
    self.asOf = asOf
  }
}
