/// Deliveries whose copy the broker did not take: the queue for delays or dead letters is missing, or has no leader.
///
/// They stay in hand and their copies are published again from time to time. Given back, they would come again at
/// once and again, until the delivery limit moved them on without their reason.
struct Held {
  static let pause = Duration.seconds(1)

  private var messages: [Outgoing] = []
  private var due = ContinuousClock.now
  /// Why the last of them was not taken.
  private(set) var reason: String?

  var isEmpty: Bool { messages.isEmpty }

  mutating func keep(_ rejected: [(message: Outgoing, reason: String)], at now: ContinuousClock.Instant) {
    guard let last = rejected.last else { return }
    messages += rejected.map(\.message)
    reason = last.reason
    due = now + Self.pause
  }

  /// All of them, when it is time to publish them again.
  mutating func takeDue(at now: ContinuousClock.Instant) -> [Outgoing] {
    guard now >= due else { return [] }
    defer {
      messages.removeAll()
      reason = nil
    }
    return messages
  }
}
