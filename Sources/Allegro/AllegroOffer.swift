import Events
import JSON
import Marketplaces

/// Reads an offer of Allegro, from the list or one by one.
enum AllegroOffer {
  /// Nil when it has no id.
  static func listing(of json: JSON) -> Listing? {
    guard let id = json["id"].text, !id.isEmpty else { return nil }
    let price = json["sellingMode"]["price"]
    return Listing(
      externalId: id, sku: json["external"]["id"].text, title: json["name"].text,
      quantity: json["stock"]["available"].integer.flatMap { Int(exactly: $0) },
      price: Money(price["amount"]),
      currency: price["currency"].text, status: json["publication"]["status"].text)
  }
}
