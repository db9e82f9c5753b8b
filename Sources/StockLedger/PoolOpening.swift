package import Time

/// How the stock of a pool began: listings that share one stock show the same pieces, so only one of them says how
/// many there were; the others joined.
package enum PoolOpening: Sendable, Equatable {
  /// No snapshot of any listing is known.
  case none
  /// By the first of all snapshots, the anchor; in the closed form it alone counts in full.
  case anchor(listing: Int, at: Timestamp)
  /// By a person, at that moment, with the stock that the rows had.
  case opened(at: Timestamp)

  /// The opening that a set of facts makes: ties end in content, so that the order of arrival can't matter. Listings
  /// that joined later (`joined`) open nothing.
  package static func of(_ facts: [Int: ListingFacts], joined: [Int: Timestamp] = [:]) -> PoolOpening {
    var first: (base: Base, listing: Int)?
    for (listing, facts) in facts where joined[listing] == nil {
      guard let base = facts.bases.first(where: { $0.kind == .snapshot }) else { continue }
      if let known = first, (known.base, known.listing) < (base, listing) { continue }
      first = (base, listing)
    }
    return first.map { .anchor(listing: $0.listing, at: $0.base.at) } ?? .none
  }

  /// From when on a listing's facts count, and nil for one that stands for itself. `own`: when its row joined, if not
  /// from the beginning.
  package func joinedAt(listing: Int, own: Timestamp?) -> Timestamp? {
    switch self {
    case .none: own
    case .anchor(listing, _) where own == nil: nil
    case .anchor(_, let at), .opened(let at): max(at, own ?? at)
    }
  }

  /// The stock of listings that share it, less what was booked in by hand.
  package static func share(of facts: [Int: ListingFacts]) -> Int {
    let opening = PoolOpening.of(facts)
    return facts.reduce(0) { sum, one in
      var facts = one.value
      facts.joinedAt = opening.joinedAt(listing: one.key, own: nil)
      return sum + facts.share
    }
  }
}
