/// Something an operator should know of.
package struct Alert: Sendable, Hashable {
  package enum Kind: String, Sendable, CaseIterable {
    case deadLetters = "dead_letters"
    case backlog
    case outboxAge = "outbox_age"
    case breakerOpen = "breaker_open"
    case oversold
    case discrepancies

    /// What to do about it.
    package var runbook: String {
      switch self {
      case .deadLetters: "ops/runbooks/CrossdockDeadLetters.md"
      case .backlog: "ops/runbooks/CrossdockQueueFallsBehind.md"
      case .outboxAge: "ops/runbooks/CrossdockOutboxOld.md"
      case .breakerOpen: "ops/runbooks/CrossdockBreakerOpen.md"
      case .oversold: "ops/runbooks/CrossdockOversold.md"
      case .discrepancies: "ops/runbooks/CrossdockReconciliationDiffers.md"
      }
    }
  }

  package var kind: Kind
  /// What it is about: while this is open nobody is told of it again.
  package var key: String
  /// One sentence, without secrets.
  package var text: String

  package init(_ kind: Kind, about subject: String, _ text: String) {
    self.kind = kind
    key = subject.isEmpty ? kind.rawValue : "\(kind.rawValue)/\(subject)"
    self.text = text
  }
}
