/// How many of a listing each location has, where a marketplace keeps stock by location.
package struct StockLevels: Sendable, Equatable {
  package var levels: [Level]

  package struct Level: Sendable, Equatable {
    package var location: String
    package var available: Int

    package init(location: String, available: Int) {
      self.location = location
      self.available = available
    }
  }

  /// The new stock of a location, and the one it replaces.
  package struct Change: Sendable, Equatable {
    package var location: String
    package var quantity: Int
    package var from: Int

    package init(location: String, quantity: Int, from: Int) {
      self.location = location
      self.quantity = quantity
      self.from = from
    }
  }

  package init(_ levels: [Level]) {
    self.levels = levels
  }

  package var isEmpty: Bool { levels.isEmpty }
  package var total: Int { levels.reduce(0) { $0 + $1.available } }

  /// The changes that bring the total there: goods are added where most are, and taken from there first; no location
  /// falls below zero.
  package func changes(toTotal wanted: Int) -> [Change] {
    var missing = wanted - total
    var changes: [Change] = []
    for level in levels.sorted(by: { ($1.available, $0.location) < ($0.available, $1.location) }) {
      guard missing != 0 else { break }
      let change = missing > 0 ? missing : max(missing, min(0, -level.available))
      guard change != 0 else { continue }
      changes.append(
        Change(location: level.location, quantity: level.available + change, from: level.available))
      missing -= change
    }
    return changes
  }
}
