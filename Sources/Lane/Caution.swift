/// How much a lane dares to take at once (Rule 17).
///
/// A crashed worker returns everything it had prefetched, and each return counts against the delivery limit. So
/// a consumer starts with a prefetch of one and opens up when what comes is fresh; while redelivered messages
/// come it doubles with every success. Redelivered messages are handled in bites that shrink by eight with each
/// return, until a crasher stands alone.
package struct Caution: Sendable, Equatable {
  package let full: Int
  package private(set) var prefetch = 1

  package init(full: Int) { self.full = max(1, full) }

  package var isOpen: Bool { prefetch == full }

  /// Something was handled. Answers the prefetch to change to, if it should change.
  package mutating func handled(redelivered: Bool) -> Int? {
    guard !isOpen else { return nil }
    prefetch = redelivered ? min(full, prefetch * 2) : full
    return prefetch
  }

  /// The channel is new: start over.
  package mutating func restart() { prefetch = 1 }

  /// How many messages that came back `returns` times may be handled together.
  package static func bite(batch: Int, returns: Int) -> Int {
    max(1, batch >> min(3 * max(1, returns), 60))
  }
}
