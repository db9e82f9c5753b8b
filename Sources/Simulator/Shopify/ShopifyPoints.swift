import JSON
import Time

/// The points of a shop: a bucket that queries empty by their cost, and that refills at a steady rate.
struct ShopifyPoints: Sendable {
  /// As a shop of the Plus plan has them.
  static let maximum = 20_000.0
  static let restoreRate = 1_000.0
  /// No query may cost more, however full the bucket is.
  static let mostPerQuery = 1_000

  private var available = Self.maximum
  private var at = Timestamp.epoch

  /// Takes the points of a query; false, with nothing taken, when there are not enough.
  mutating func take(_ cost: Int, at now: Timestamp) -> Bool {
    available = min(Self.maximum, available + max(now - at, .zero) / .seconds(1) * Self.restoreRate)
    at = now
    guard available >= Double(cost) else { return false }
    available -= Double(cost)
    return true
  }

  /// Gives back what a query was thought to cost and did not.
  mutating func giveBack(_ points: Int) {
    available = min(Self.maximum, available + Double(max(0, points)))
  }

  /// What an answer really costs: a point for each object in it.
  static func cost(of data: JSON) -> Int {
    switch data {
    case .object(let members):
      members.reduce(1) { sum, member in
        let isFree = member.key == "pageInfo" || member.key.hasSuffix("Set")
        return sum + (isFree ? 0 : cost(of: member.value))
      }
    case .array(let elements): elements.reduce(0) { $0 + cost(of: $1) }
    default: 0
    }
  }

  /// `extensions` of the answer to a query of that cost.
  func report(requested: Int, actual: Int?) -> JSON {
    [
      "cost": [
        "requestedQueryCost": .integer(requested), "actualQueryCost": actual.map { .integer($0) } ?? nil,
        "throttleStatus": [
          "maximumAvailable": .integer(Int(Self.maximum)), "currentlyAvailable": .integer(Int(available)),
          "restoreRate": .integer(Int(Self.restoreRate)),
        ],
      ]
    ]
  }
}
