package import Time

/// A listing's share of its stock, as a function of its bases and native steps:
///
///     Σ over snapshots (Q_k − B_{k−1})  +  Σ steps whose next base at or after them is not a snapshot
///
/// with B₀ = 0. Without pushes that is `last snapshot + Σ steps after its moment` (RULES, the stock model).
///
/// Two things make it fit for marketplaces that we write to. A base is true as of a moment that is known to a second
/// or two only; when the steps that are that close can be put before or after it so that they account for the next
/// snapshot exactly, they are. And a snapshot that was read while a push of ours was under way is no base (Rule 9).
package struct ListingFacts: Sendable {
  package private(set) var bases: [Base]
  /// The sum of the steps at each moment: half of a moment's steps must not account for anything.
  private var sizes: [Timestamp: Int] = [:]
  /// Of a listing that joined a stock which others had opened: facts up to here belong to what was before, and its
  /// first snapshot says how it stood when it joined.
  package var joinedAt: Timestamp?

  package init(
    bases: some Sequence<Base> = [], steps: [(at: Timestamp, size: Int)] = [], joinedAt: Timestamp? = nil
  ) {
    self.bases = Set(bases).sorted()
    self.joinedAt = joinedAt
    for step in steps { add(step: step.size, at: step.at) }
  }

  package var steps: [(at: Timestamp, size: Int)] { sizes.map { (at: $0.key, size: $0.value) } }

  package mutating func add(step size: Int, at moment: Timestamp) { sizes[moment, default: 0] += size }

  /// The same facts without some bases.
  package func without(_ fewer: Set<Base>) -> ListingFacts {
    ListingFacts(bases: bases.filter { !fewer.contains($0) }, steps: steps, joinedAt: joinedAt)
  }

  package mutating func insert(_ more: some Sequence<Base>) {
    bases = Set(bases + more).sorted()
  }

  /// What the listing adds to its stock.
  package var share: Int { Walk(self).total }

  /// What the marketplace should show now; nil when that was never known.
  package var expected: Int? { Walk(self).shown }

  /// Whether only another reading can tell which of its steps the last base contains.
  package var isInDoubt: Bool { Walk(self).isInDoubt }

  /// Whether the snapshot was read while a push of ours was under way.
  package func isUnderPush(_ snapshot: Base) -> Bool {
    snapshot.kind == .snapshot
      && bases.contains { $0.kind == .push && $0.window.contains(snapshot.at) }
  }

  fileprivate var countedBases: [Base] {
    let pushes = bases.filter { $0.kind == .push }.map(\.window)
    return bases.filter { base in
      if let joinedAt, base.at <= joinedAt { return false }
      return base.kind == .push || !pushes.contains { $0.contains(base.at) }
    }
  }

  fileprivate var countedSteps: [(at: Timestamp, size: Int)] {
    steps.filter { step in joinedAt.map { step.at > $0 } ?? true }.sorted { $0.at < $1.at }
  }
}

/// One way through a listing's bases and steps, in the order of their moments.
private struct Walk {
  private(set) var total = 0
  private(set) var isInDoubt = false
  /// The quantity by the last base.
  private var value: Int?
  private var last: Base?
  /// Whether the steps before the last base count: it is no snapshot, or one by which the listing joined.
  private var countsBefore = true
  /// How many moments lie before the last base.
  private var position = 0
  private var moments: [Timestamp] = []
  /// The sum of the steps of the first k moments.
  private var sums = [0]
  private var locations: [String: Int] = [:]

  init(_ facts: ListingFacts) {
    for step in facts.countedSteps {
      moments.append(step.at)
      sums.append(sums[sums.count - 1] + step.size)
    }
    for base in facts.countedBases {
      switch base.kind {
      case .push: pass(push: base)
      case .snapshot: pass(snapshot: base, isJoined: facts.joinedAt != nil)
      }
      last = base
    }
    total += sums[moments.count] - sums[position]
  }

  var shown: Int? { value.map { max(0, $0 + sums[moments.count] - sums[position]) } }

  private mutating func pass(push: Base) {
    let next = max(position, count(through: push.at))
    total += sums[next] - sums[position]
    position = next
    value = push.quantity
    countsBefore = true
    isInDoubt = range(of: push).count > 1
  }

  private mutating func pass(snapshot: Base, isJoined: Bool) {
    let isFirst = locations[snapshot.location] == nil
    locations[snapshot.location] = snapshot.quantity
    let quantity = locations.values.reduce(0, +)
    let usual = max(position, count(through: snapshot.at))
    defer { value = quantity }
    if isJoined && isFirst && last?.kind != .push {
      total += sums[usual] - sums[position]
      (position, countsBefore, isInDoubt) = (usual, true, false)
    } else if let (from, to) = explanation(of: quantity, by: snapshot, usual: usual) {
      if countsBefore { total += sums[from] - sums[position] }
      total += quantity - (value ?? 0)
      (position, countsBefore, isInDoubt) = (to, false, false)
    } else {
      total += quantity - (value ?? 0)
      (position, countsBefore) = (usual, false)
      isInDoubt = range(of: snapshot).count > 1
    }
  }

  /// How many moments lie before the last base and how many before the snapshot, so that the steps between them
  /// account for the whole difference; what is usual is tried first. nil when nothing does.
  private func explanation(of quantity: Int, by snapshot: Base, usual: Int) -> (from: Int, to: Int)? {
    guard let value, let last else { return nil }
    let ends = Self.near(usual, in: range(of: snapshot))
    for from in Self.near(position, in: range(of: last)) {
      if let to = ends.first(where: { $0 >= from && value + sums[$0] - sums[from] == quantity }) {
        return (from, to)
      }
    }
    return nil
  }

  /// How many moments may lie before the base.
  private func range(of base: Base) -> ClosedRange<Int> {
    let least = moments.firstIndex { $0 >= base.window.lowerBound } ?? moments.count
    return least...max(least, count(through: base.window.upperBound))
  }

  private func count(through moment: Timestamp) -> Int {
    moments.firstIndex { $0 > moment } ?? moments.count
  }

  private static func near(_ usual: Int, in range: ClosedRange<Int>) -> [Int] {
    [usual] + range.filter { $0 != usual }.sorted { (abs($0 - usual), $0) < (abs($1 - usual), $1) }
  }
}
