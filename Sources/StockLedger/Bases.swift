package import Time

/// What a listing was, as of a moment of the marketplace's own clock: a snapshot that was read, or a push of ours
/// that the marketplace confirmed (RULES, the stock model: the facts S and P).
package struct Base: Sendable, Hashable, Comparable {
  package enum Kind: String, Sendable {
    case snapshot, push
  }

  package var at: Timestamp
  package var kind: Kind
  package var quantity: Int
  package var id: String
  /// Empty where the marketplace has no locations.
  package var location: String
  /// Of a push: when it was sent, on the marketplace's clock; it took effect between then and `at`.
  package var since: Timestamp?

  package init(
    at: Timestamp, kind: Kind, quantity: Int, id: String, location: String = "", since: Timestamp? = nil
  ) {
    self.at = at
    self.kind = kind
    self.quantity = quantity
    self.id = id
    self.location = location
    self.since = since
  }

  /// The marketplace's `Date` has whole seconds, the moments of its sales come from another clock: what is this close
  /// to a base may be before it or after it (Rule 9).
  package static let doubt = Duration.seconds(2)

  /// The stretch of time in which the base may have been true.
  var window: ClosedRange<Timestamp> { min(since ?? at, at) - Self.doubt...at + Self.doubt }

  /// Of a push: its number among those of its listing, in which its id ends.
  private var turn: Int {
    guard kind == .push, let sign = id.lastIndex(of: "@") else { return 0 }
    return Int(id[id.index(after: sign)...]) ?? 0
  }

  /// By moment, a push after a snapshot of the same moment, pushes as they were sent (several have the same second),
  /// then by content.
  package static func < (left: Base, right: Base) -> Bool {
    if left.at != right.at { return left.at < right.at }
    if left.kind != right.kind { return left.kind == .snapshot }
    if left.turn != right.turn { return left.turn < right.turn }
    if left.quantity != right.quantity { return left.quantity < right.quantity }
    if left.id != right.id { return left.id < right.id }
    return left.location < right.location
  }
}
