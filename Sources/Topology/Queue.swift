/// The work queues, named by what their workers do.
package enum Queue: String, Sendable, Hashable, CaseIterable, Codable {
  case poll
  case push
  case reconcile
  case stockLedger = "stock-ledger"
  case orderSync = "order-sync"
  case messaging
  case disputes
  case propagation

  /// The queue's name in the broker, which is also its routing key on the jobs and dead exchanges.
  package func name(in namespace: String) -> String { "\(namespace).\(rawValue)" }

  /// The name of the queue that holds its dead letters.
  package func deadName(in namespace: String) -> String { name(in: namespace) + ".dead" }

  /// Whether it takes jobs; the others take events.
  package var takesJobs: Bool { patterns.isEmpty }

  /// The routing keys of the events that go to it; none for a queue of jobs.
  package var patterns: [String] {
    switch self {
    case .poll, .push, .reconcile: []
    case .stockLedger: ["*.order.*", "*.payment.received", "*.inventory.updated", "*.stock.topup"]
    case .orderSync: ["*.order.*", "*.payment.received"]
    case .messaging: ["*.order.*", "*.payment.received", "*.stock.low"]
    case .disputes: ["*.dispute.*"]
    case .propagation: ["*.inventory.updated", "*.stock.changed", "*.product.*", "*.offer.*"]
    }
  }
}
