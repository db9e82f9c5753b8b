/// What an order event came to (the decision table of order sync).
enum Outcome: Int, Sendable, CaseIterable {
  case created
  case updated
  /// The order was known and is closed now.
  case cancelled
  /// The order is not known, and this version is no reason to create it.
  case skipped
  /// The same state or an older one.
  case unchanged
  /// The event can't be synchronised and goes to the dead letters.
  case error
}

extension Outcome {
  /// As `poll_run_orders.outcome` has it.
  var word: String {
    switch self {
    case .created: "created"
    case .updated: "updated"
    case .cancelled: "cancelled"
    case .skipped: "skipped"
    case .unchanged: "unchanged"
    case .error: "error"
    }
  }
}

/// How many events came to what.
struct OutcomeCounts: Sendable, Equatable {
  private var counts = [Int](repeating: 0, count: Outcome.allCases.count)

  subscript(outcome: Outcome) -> Int {
    get { counts[outcome.rawValue] }
    set { counts[outcome.rawValue] = newValue }
  }

  static func + (left: OutcomeCounts, right: OutcomeCounts) -> OutcomeCounts {
    var sum = left
    for outcome in Outcome.allCases { sum[outcome] += right[outcome] }
    return sum
  }
}
