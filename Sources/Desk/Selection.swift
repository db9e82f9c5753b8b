package import Time
package import Topology

/// Which dead letters an action is about; every condition that is given must hold.
package struct Selection: Sendable, Equatable {
  package var queues: [Queue]
  package var ids: Set<String>
  /// Fingerprints.
  package var groups: Set<String>
  package var types: Set<String>
  /// Died before this moment.
  package var deadBefore: Timestamp?
  /// At most this many of each queue, the oldest first.
  package var limit: Int?

  package init(
    queues: [Queue] = Queue.allCases, ids: Set<String> = [], groups: Set<String> = [],
    types: Set<String> = [], deadBefore: Timestamp? = nil, limit: Int? = nil
  ) {
    self.queues = queues
    self.ids = ids
    self.groups = groups
    self.types = types
    self.deadBefore = deadBefore
    self.limit = limit
  }

  package func contains(_ letter: DeadLetter) -> Bool {
    queues.contains(letter.queue)
      && (ids.isEmpty || ids.contains(letter.id))
      && (groups.isEmpty || groups.contains(letter.fingerprint))
      && (types.isEmpty || letter.type.map { types.contains($0) } == true)
      && isOldEnough(letter)
  }

  private func isOldEnough(_ letter: DeadLetter) -> Bool {
    guard let deadBefore else { return true }
    return letter.deadAt.map { $0 < deadBefore } ?? false
  }
}

/// What is to be acted upon: what a selection finds at the moment, or exactly what a plan has frozen.
enum Choice {
  case selection(Selection)
  case plan(Plan)

  var queues: [Queue] {
    switch self {
    case .selection(let selection): selection.queues
    case .plan(let plan): plan.queues
    }
  }

  /// At most this many of each queue.
  var limit: Int? { if case .selection(let selection) = self { selection.limit } else { nil } }

  func contains(_ letter: DeadLetter) -> Bool {
    switch self {
    case .selection(let selection): selection.contains(letter)
    case .plan(let plan): plan.contains(letter)
    }
  }
}
