package import Time

/// A jump of a listing's stock that the marketplace itself saw: so many pieces at that moment, because of one line
/// of an order. Negative when sold, positive when given back.
package struct Step: Sendable, Hashable {
  package var line: String
  package var listing: Int
  package var at: Timestamp

  package init(line: String, listing: Int, at: Timestamp) {
    self.line = line
    self.listing = listing
    self.at = at
  }
}

/// Steps and their sizes; steps of size zero are left out.
package typealias Steps = [Step: Int]

/// A step and its size, or the difference of two sizes.
package typealias SizedStep = (step: Step, size: Int)

/// What an order sold when: a pure function of the set of its versions (RULES, the stock model: f(t)).
package enum OrderSteps {
  /// The steps of one order whose lines no other order claims.
  package static func of(_ versions: OrderVersions) -> Steps { of(versions) { _ in true } }

  /// What an order sells otherwise when one set of its versions grows to another, by moment, size and line.
  package static func difference(from before: OrderVersions, to after: OrderVersions) -> [SizedStep] {
    if before.isEmpty, after.all.count == 1, let steps = plain(after.all[0]) { return ordered(steps) }
    return difference(from: of(before), to: of(after))
  }

  package static func difference(from before: Steps, to after: Steps) -> [SizedStep] {
    var steps: [SizedStep] = []
    for (step, size) in after where size != before[step, default: 0] {
      steps.append((step, size - before[step, default: 0]))
    }
    for (step, size) in before where after[step] == nil { steps.append((step, -size)) }
    return ordered(steps)
  }

  private static func ordered(_ steps: [SizedStep]) -> [SizedStep] {
    steps.count < 2
      ? steps : steps.sorted { ($0.step.at, $0.size, $0.step.line) < ($1.step.at, $1.size, $1.step.line) }
  }

  /// The steps of an order of which one version is known, alive, no line given twice: its lines, at its birth. Most
  /// orders are that. nil for all others.
  private static func plain(_ version: OrderVersion) -> [SizedStep]? {
    guard !version.isCancelled else { return nil }
    guard version.isEligible, let lines = version.lines else { return [] }
    let birth = version.placedAt ?? version.at
    var steps: [SizedStep] = []
    steps.reserveCapacity(lines.count)
    for line in lines {
      if steps.contains(where: { $0.step.line == line.id }) { return nil }
      if line.quantity > 0 {
        steps.append((Step(line: line.id, listing: line.listing, at: birth), -line.quantity))
      }
    }
    return steps
  }

  /// The steps of one order, for the lines that it owns.
  package static func of(_ versions: OrderVersions, owning: (String) -> Bool) -> Steps {
    guard let first = versions.all.first, versions.isEligible else { return [:] }
    // The earliest known content reaches back to the birth of the order, alive: an order that is first seen
    // cancelled was once placed, and a snapshot may lie between (Rule 2).
    guard var lines = versions.all.lazy.compactMap(\.lines).first else { return [:] }
    let birth = versions.all.compactMap(\.placedAt).min() ?? first.at
    var steps: Steps = [:]
    var sold: [String: OrderVersion.Line] = [:]
    move(&sold, to: lines.filter { owning($0.id) }, at: birth, into: &steps)
    var effective = birth
    for version in versions.all {
      effective = max(effective, version.at)
      if let given = version.lines { lines = given }
      let target = version.isCancelled ? [] : lines.filter { owning($0.id) }
      move(&sold, to: target, at: effective, into: &steps)
    }
    return steps.filter { $0.value != 0 }
  }

  /// The steps of orders that may share lines: the last order to claim a line alive owns it (Rule 5). `orders` is
  /// keyed by the order's external id.
  package static func of(group orders: [String: OrderVersions]) -> [String: Steps] {
    var owners: [String: (key: OrderVersion.Key, order: String)] = [:]
    for (order, versions) in orders {
      for (line, key) in claims(of: versions) {
        if let owner = owners[line], (key, order) <= (owner.key, owner.order) { continue }
        owners[line] = (key, order)
      }
    }
    return Dictionary(
      uniqueKeysWithValues: orders.map { order, versions in
        // A line that nobody claims alive belongs to whoever lists it; its steps cancel out by themselves.
        (order, of(versions) { owners[$0].map { $0.order == order } ?? true })
      })
  }

  /// The latest version in which the order claims a line alive, per line.
  private static func claims(of versions: OrderVersions) -> [String: OrderVersion.Key] {
    var claims: [String: OrderVersion.Key] = [:]
    guard versions.isEligible else { return claims }
    var lines: [OrderVersion.Line] = versions.all.lazy.compactMap(\.lines).first ?? []
    for version in versions.all {
      if let given = version.lines { lines = given }
      if version.isCancelled { continue }
      for line in lines where line.quantity > 0 { claims[line.id] = version.key }
    }
    return claims
  }

  private static func move(
    _ sold: inout [String: OrderVersion.Line], to lines: [OrderVersion.Line], at moment: Timestamp,
    into steps: inout Steps
  ) {
    var target: [String: OrderVersion.Line] = [:]
    for line in lines where line.quantity > 0 {
      // The same line twice in one list, at one listing, is one line with both quantities.
      if let double = target[line.id], double.listing == line.listing {
        target[line.id] = OrderVersion.Line(
          id: line.id, listing: line.listing, quantity: double.quantity + line.quantity)
      } else {
        target[line.id] = line
      }
    }
    for (id, old) in sold where target[id] != old {
      steps[Step(line: id, listing: old.listing, at: moment), default: 0] += old.quantity
    }
    for (id, line) in target where sold[id] != line {
      steps[Step(line: id, listing: line.listing, at: moment), default: 0] -= line.quantity
    }
    sold = target
  }
}

private func <= (
  left: (OrderVersion.Key, String), right: (OrderVersion.Key, String)
) -> Bool {
  left.0 == right.0 ? left.1 <= right.1 : left.0 < right.0
}
