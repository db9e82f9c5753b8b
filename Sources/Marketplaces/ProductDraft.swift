package import Events
package import JSON

/// What a listing is to say of its product.
package struct ProductDraft: Sendable, Equatable {
  package var sku: String
  package var title: String?
  /// HTML, as shops keep it.
  package var description: String?
  /// Whether buyers can see it.
  package var isActive: Bool
  /// Nil leaves the price as it is.
  package var price: Money?
  package var barcode: String?

  package init(
    sku: String, title: String? = nil, description: String? = nil, isActive: Bool = true, price: Money? = nil,
    barcode: String? = nil
  ) {
    self.sku = sku
    self.title = title
    self.description = description
    self.isActive = isActive
    self.price = price
    self.barcode = barcode
  }

  /// Whether another draft says the same, as far as this one says anything.
  package func isSaid(by other: ProductDraft) -> Bool {
    (title == nil || title == other.title) && (description == nil || description == other.description)
      && isActive == other.isActive
      && (price.map { price in other.price.map { $0.equals(price) } ?? false } ?? true)
  }

  package var json: JSON {
    [
      "sku": .string(sku), "title": .text(title), "description": .text(description),
      "isActive": .bool(isActive),
      "price": .text(price?.text), "barcode": .text(barcode),
    ]
  }

  package init?(_ json: JSON) {
    guard let sku = json["sku"].text else { return nil }
    self.init(
      sku: sku, title: json["title"].text, description: json["description"].text,
      isActive: json["isActive"].bool ?? true, price: Money(json["price"]), barcode: json["barcode"].text)
  }

  /// Whether a marketplace's own word for the state of a product means that buyers see it.
  package static func isActive(_ status: String?) -> Bool {
    guard let status = status?.lowercased() else { return true }
    return ["active", "publish", "published", "enabled"].contains(status)
  }
}
