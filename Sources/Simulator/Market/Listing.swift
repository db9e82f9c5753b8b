package import Time

/// One thing for sale.
package struct Listing: Sendable {
  /// The marketplace's id of it, ten or eleven digits.
  package let id: Int64
  package let sku: String
  var title: String
  /// What its page says, as HTML.
  var description = ""
  /// In hundredths.
  var price: Int
  /// What is for sale at this moment; never below 0.
  package internal(set) var stock: Int
  /// What it began with.
  let initialStock: Int
  /// The sum of all the changes that are no order's: the seller's own and those written through the API.
  var adjustment = 0
  var sold = 0
  let createdAt: Timestamp
  package internal(set) var updatedAt: Timestamp
  /// When what it says changed last; its stock may have changed later.
  var changedAt: Timestamp
  var awaitsRestock = false
  /// Whether buyers see it.
  var isActive = true
  /// Whether the seller has taken it off for good.
  var isGone = false

  var isSoldOut: Bool { stock == 0 }
}
