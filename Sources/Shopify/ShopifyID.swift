import JSON

/// Shopify's ids: GraphQL writes `gid://shopify/Order/820982911946154508` where webhooks write the number. Here the
/// number counts, digit for digit: it is larger than a `Double` can hold.
enum ShopifyID {
  /// The kinds of things that have one.
  enum Kind: String {
    case order = "Order"
    case variant = "ProductVariant"
    case inventoryItem = "InventoryItem"
  }

  private static let prefix = "gid://shopify/"

  /// The number of a GraphQL id, without what may follow it (`?inventory_item_id=…`); a plain id stays as it is. Nil
  /// when there is none.
  static func number(_ json: JSON) -> String? {
    guard let text = json.text, !text.isEmpty else { return nil }
    guard text.hasPrefix(prefix) else { return text }
    let number = text.split(separator: "/").last?.split(separator: "?").first
    return number.map { String($0) }
  }

  static func global(_ kind: Kind, _ id: String) -> String {
    id.hasPrefix(prefix) ? id : prefix + kind.rawValue + "/" + id
  }

  /// Whether it is the global id of an inventory item, as a webhook's subject names it.
  static func isInventoryItem(_ id: String) -> Bool {
    id.hasPrefix(prefix + Kind.inventoryItem.rawValue + "/")
  }
}
