package import Time

/// One version of an order, reduced to what the stock model needs (RULES, the stock model: the fact V).
package struct OrderVersion: Sendable, Equatable {
  /// The place of a version among the versions of its order: a total order whose ties end in the content, so that
  /// the order of arrival can't matter (Rule 4).
  package struct Key: Sendable, Hashable, Comparable {
    package var updatedAt: Timestamp
    package var isCancelled: Bool
    package var observedAt: Timestamp
    package var digest: UInt64

    package init(updatedAt: Timestamp, isCancelled: Bool, observedAt: Timestamp, digest: UInt64) {
      self.updatedAt = updatedAt
      self.isCancelled = isCancelled
      self.observedAt = observedAt
      self.digest = digest
    }

    package static func < (left: Key, right: Key) -> Bool {
      if left.updatedAt != right.updatedAt { return left.updatedAt < right.updatedAt }
      if left.isCancelled != right.isCancelled { return right.isCancelled }
      if left.observedAt != right.observedAt { return left.observedAt < right.observedAt }
      return left.digest < right.digest
    }
  }

  /// A line as this version gives it. `quantity` is what stays sold: ordered less restocked, never below zero.
  package struct Line: Sendable, Equatable {
    package var id: String
    package var listing: Int
    package var quantity: Int

    package init(id: String, listing: Int, quantity: Int) {
      self.id = id
      self.listing = listing
      self.quantity = quantity
    }
  }

  package var key: Key
  /// When the version took effect by itself: `cancelledAt` of a cancellation, else `updatedAt` (Rule 3).
  package var at: Timestamp
  /// The birth of the order, where this version tells it.
  package var placedAt: Timestamp?
  /// False outside the allowed financial statuses and for test orders, while nothing has ended. An order counts, with
  /// all its versions, as soon as one of them is eligible (Rule 13).
  package var isEligible: Bool
  /// nil: the version came without a line list and inherits the one before it.
  package var lines: [Line]?

  package init(key: Key, at: Timestamp, placedAt: Timestamp?, isEligible: Bool = true, lines: [Line]?) {
    self.key = key
    self.at = at
    self.placedAt = placedAt
    self.isEligible = isEligible
    self.lines = lines
  }

  package var isCancelled: Bool { key.isCancelled }
}

/// Every version of one order that was ever seen, in the order of their keys.
package struct OrderVersions: Sendable, Equatable {
  package private(set) var all: [OrderVersion] = []

  package init() {}

  package init(_ versions: some Sequence<OrderVersion>) {
    for version in versions { insert(version) }
  }

  package var isEmpty: Bool { all.isEmpty }
  package var isEligible: Bool { all.contains(where: \.isEligible) }
  package var latest: OrderVersion? { all.last }

  /// Adds a version to the set; false when it was there already. A version is never thrown away (Rule 1).
  @discardableResult
  package mutating func insert(_ version: OrderVersion) -> Bool {
    var index = all.count
    while index > 0 && version.key < all[index - 1].key { index -= 1 }
    if index > 0 && all[index - 1].key == version.key { return false }
    all.insert(version, at: index)
    return true
  }
}
