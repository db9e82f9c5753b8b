import Events
import JSON
import Marketplaces

/// Reads products and variations of WooCommerce. A listing is a product, or a variation of one:
/// `<product>` or `<product>/<variation>`.
enum WooCommerceProduct {
  static func listingId(ofLine line: JSON) -> String? {
    guard let product = line["product_id"].text, product != "0" else { return nil }
    guard let variation = line["variation_id"].text, variation != "0" else { return product }
    return product + "/" + variation
  }

  static func isVariable(_ product: JSON) -> Bool {
    product["type"].text?.hasPrefix("variable") == true
  }

  /// The API's path of a listing; nil when it is no id of one.
  static func path(ofListing id: String) -> String? {
    let parts = id.split(separator: "/", omittingEmptySubsequences: false).map {
      PercentEncoding.segment(String($0))
    }
    guard parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    return switch parts.count {
    case 1: "/products/\(parts[0])"
    case 2: "/products/\(parts[0])/variations/\(parts[1])"
    default: nil
    }
  }

  /// Nil without an id. `parent` is the product of a variation.
  static func listing(of json: JSON, parent: JSON? = nil, currency: String? = nil) -> Listing? {
    guard let id = json["id"].text, !id.isEmpty else { return nil }
    let parentId = parent?["id"].text ?? json["parent_id"].text.flatMap { $0 == "0" ? nil : $0 }
    return Listing(
      externalId: parentId.map { $0 + "/" + id } ?? id,
      sku: json["sku"].text.flatMap { $0.isEmpty ? nil : $0 },
      title: json["name"].text ?? parent?["name"].text, quantity: quantity(of: json),
      price: Money(json["price"]), currency: currency, status: json["status"].text)
  }

  /// Nil where WooCommerce does not count this one: its stock is not managed, or is its parent's.
  private static func quantity(of json: JSON) -> Int? {
    guard json["manage_stock"] == true else { return nil }
    return json["stock_quantity"].integer.flatMap { Int(exactly: $0) }
  }
}
