package import Time

/// A product of a marketplace's catalogue.
package struct Product: Hashable, Sendable {
  package var externalId: String
  package var title: String?
  package var description: String?
  package var status: String?
  package var updatedAt: Timestamp?
  /// Nil when the event says nothing of them.
  package var tags: [String]?
  /// Nil when the event brought no list of variants.
  package var variants: [Variant]?

  /// What is sold of a product.
  package struct Variant: Hashable, Sendable {
    package var externalId: String
    package var sku: String?
    package var barcode: String?
    package var price: Money?
    /// ISO 4217.
    package var currency: String?

    package init(
      externalId: String, sku: String? = nil, barcode: String? = nil, price: Money? = nil,
      currency: String? = nil
    ) {
      self.externalId = externalId
      self.sku = sku
      self.barcode = barcode
      self.price = price
      self.currency = currency
    }
  }

  package init(
    externalId: String, title: String? = nil, description: String? = nil, status: String? = nil,
    updatedAt: Timestamp? = nil, tags: [String]? = nil, variants: [Variant]? = nil
  ) {
    self.externalId = externalId
    self.title = title
    self.description = description
    self.status = status
    self.updatedAt = updatedAt
    self.tags = tags
    self.variants = variants
  }
}
