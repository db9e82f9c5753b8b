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

  package init(at: Timestamp, kind: Kind, quantity: Int, id: String, location: String = "") {
    self.at = at
    self.kind = kind
    self.quantity = quantity
    self.id = id
    self.location = location
  }

  /// By moment, a push after a snapshot of the same moment, then by content.
  package static func < (left: Base, right: Base) -> Bool {
    if left.at != right.at { return left.at < right.at }
    if left.kind != right.kind { return left.kind == .snapshot }
    if left.quantity != right.quantity { return left.quantity < right.quantity }
    if left.id != right.id { return left.id < right.id }
    return left.location < right.location
  }
}

/// A listing's share of its stock row, as a function of its bases and native steps:
///
///     Σ over snapshots (Q_k − B_{k−1})  +  Σ steps whose next base at or after them is not a snapshot
///
/// with B₀ = 0. Without pushes that is `last snapshot + Σ steps after its moment` (RULES, the stock model).
package struct ListingFacts: Sendable {
  package private(set) var bases: [Base]
  /// The sum of the steps at each moment.
  package var steps: [(at: Timestamp, size: Int)]

  package init(bases: some Sequence<Base> = [], steps: [(at: Timestamp, size: Int)] = []) {
    self.bases = Set(bases).sorted()
    self.steps = steps
  }

  /// The same facts without some bases.
  package func without(_ fewer: Set<Base>) -> ListingFacts {
    ListingFacts(bases: bases.filter { !fewer.contains($0) }, steps: steps)
  }

  package mutating func insert(_ more: some Sequence<Base>) {
    bases = Set(bases + more).sorted()
  }

  /// The quantity that the listing had by each base: of a snapshot of one location the sum over all locations as
  /// of then.
  private var values: [Int] {
    var known: [String: Int] = [:]
    return bases.map { base in
      if base.kind == .push { return base.quantity }
      known[base.location] = base.quantity
      return known.values.reduce(0, +)
    }
  }

  /// Whether a step at that moment still counts: it is absorbed when the next base at or after it is a snapshot.
  package func counts(stepAt moment: Timestamp) -> Bool {
    bases.first { $0.at >= moment }?.kind != .snapshot
  }

  package var share: Int {
    var total = 0
    var before = 0
    for (base, value) in zip(bases, values) {
      if base.kind == .snapshot { total += value - before }
      before = value
    }
    return steps.reduce(total) { $0 + (counts(stepAt: $1.at) ? $1.size : 0) }
  }
}
