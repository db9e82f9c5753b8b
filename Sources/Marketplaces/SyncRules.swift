package import Events
package import JSON

/// What a connection takes over from its owner's other connections: the JSON of `platform_connections.sync_rules`.
///
///     {"realtimeSyncEnabled": true, "propagateChanges": true, "propagateInventory": true,
///      "propagateCreates": true, "propagateUpdates": true, "propagateDeletes": true, "propagatePrices": false,
///      "conditions": {"skuPattern": "SHOE-*", "tags": ["outlet"], "minPrice": "10", "maxPrice": "99.99",
///                     "marketplaces": [1, 2]}}
///
/// `propagateInventory` puts its stock into the pool of each variation. `propagateCreates`, `…Updates` and `…Deletes` take
/// over new, changed and deleted products; their prices only with `propagatePrices`, since shops have currencies of their
/// own. The others hold back what would be written.
package struct SyncRules: Sendable, Equatable {
  package var isRealtime: Bool
  package var propagatesChanges: Bool
  package var sharesInventory: Bool
  package var propagatesCreates: Bool
  package var propagatesUpdates: Bool
  package var propagatesDeletes: Bool
  package var propagatesPrices: Bool
  /// `*` stands for any run of characters.
  package var skuPattern: String?
  /// Only products that have one of these tags.
  package var tags: Set<String>?
  package var minPrice: Money?
  package var maxPrice: Money?
  /// Only changes that come from these marketplaces.
  package var marketplaces: Set<Int>?

  package init(_ json: JSON) {
    isRealtime = json["realtimeSyncEnabled"].bool ?? true
    propagatesChanges = json["propagateChanges"].bool ?? true
    sharesInventory = json["propagateInventory"].bool ?? false
    propagatesCreates = json["propagateCreates"].bool ?? false
    propagatesUpdates = json["propagateUpdates"].bool ?? false
    propagatesDeletes = json["propagateDeletes"].bool ?? false
    propagatesPrices = json["propagatePrices"].bool ?? false
    let conditions = json["conditions"]
    if case .array(let wanted) = conditions["tags"] { tags = Set(wanted.compactMap(\.text)) }
    skuPattern = conditions["skuPattern"].text
    minPrice = Money(conditions["minPrice"])
    maxPrice = Money(conditions["maxPrice"])
    if case .array(let ids) = conditions["marketplaces"] {
      marketplaces = Set(ids.compactMap { $0.integer.flatMap { Int(exactly: $0) } })
    }
  }

  /// What a listing is, as far as rules ask.
  package struct Subject: Sendable {
    package var sku: String
    package var price: Money?
    package var tags: Set<String>

    package init(sku: String, price: Money?, tags: Set<String> = []) {
      self.sku = sku
      self.price = price
      self.tags = tags
    }
  }

  /// Whether a change of stock that comes from `marketplace` goes to this listing. A listing without a price meets no
  /// condition on prices.
  package func takesInventory(of subject: Subject, from marketplace: Int?) -> Bool {
    sharesInventory && takes(subject, from: marketplace)
  }

  /// Whether any change of a product is taken over.
  package var takesProducts: Bool {
    isRealtime && propagatesChanges && (propagatesCreates || propagatesUpdates || propagatesDeletes)
  }

  /// Whether what `marketplace` says of a product is taken over at all; which of it, the single rules say.
  package func takesProduct(_ subject: Subject, from marketplace: Int?) -> Bool {
    takesProducts && takes(subject, from: marketplace)
  }

  private func takes(_ subject: Subject, from marketplace: Int?) -> Bool {
    guard isRealtime, propagatesChanges else { return false }
    if let tags, tags.isDisjoint(with: subject.tags) { return false }
    if let marketplaces, !(marketplace.map { marketplaces.contains($0) } ?? false) { return false }
    if let skuPattern, !Self.matches(skuPattern[...], subject.sku[...]) { return false }
    if let minPrice, subject.price.map({ ($0 - minPrice).isNegative }) ?? true { return false }
    if let maxPrice, subject.price.map({ (maxPrice - $0).isNegative }) ?? true { return false }
    return true
  }

  /// Goes back to the last star only, so that no pattern takes long.
  private static func matches(_ pattern: Substring, _ text: Substring) -> Bool {
    var (pattern, text) = (pattern, text)
    var retry: (pattern: Substring, text: Substring)?
    while !text.isEmpty {
      if pattern.first == "*" {
        retry = (pattern.dropFirst(), text)
        pattern = pattern.dropFirst()
      } else if pattern.first == text.first {
        (pattern, text) = (pattern.dropFirst(), text.dropFirst())
      } else if let last = retry {
        retry = (last.pattern, last.text.dropFirst())
        (pattern, text) = (last.pattern, last.text.dropFirst())
      } else {
        return false
      }
    }
    return pattern.allSatisfy { $0 == "*" }
  }
}
