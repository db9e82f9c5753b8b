/// The way of one batch from its deliveries to their acks, one step after the other: commit, as a whole or in halves
/// (Rule 14); note what is dead; publish what goes elsewhere; ack (Rule 19). A value: it says what is to be done next, the
/// lane does it and says how that ended.
///
/// Whatever ends the worker between two steps, those before it have happened, and the deliveries come again.
package struct Course<Message: Keyed> {
  package enum Step: Hashable, Sendable {
    /// One transaction over these of `messages`; with `releasing` it removes the notes of redelivered messages too.
    case commit(Range<Int>, releasing: Bool)
    /// Removes those notes, because the transaction that would have done so failed.
    case release
    /// Writes down which deliveries are dead, before they are sent away.
    case note
    /// Publishes the copies of these deliveries to where they go.
    case publish([Int])
    /// Acks these deliveries.
    case ack([Int])
  }

  /// The decoded messages, no id twice.
  package var messages: [Message] { distinct.messages }
  /// What becomes of each delivery; decided once the first step after the commits is asked for.
  package private(set) var dispositions: [Disposition]
  package private(set) var next: Step?

  private let distinct: Distinct<Message>
  /// The deliveries of the decoded messages.
  private let decoded: [Int]
  /// Of each of `messages`.
  private var decided: [Disposition]
  private var replay: Replay?
  private let isNoted: Bool

  /// `isNoted`: these are redelivered messages that were noted before they were decoded (Rule 17).
  package init(_ contents: [Result<Message, Failure>], isNoted: Bool) {
    var messages: [Message] = []
    var decoded: [Int] = []
    messages.reserveCapacity(contents.count)
    decoded.reserveCapacity(contents.count)
    dispositions = [Disposition](repeating: .ack, count: contents.count)
    for (index, content) in contents.enumerated() {
      switch content {
      case .success(let message):
        messages.append(message)
        decoded.append(index)
      case .failure(let failure): dispositions[index] = .deadLetter(failure)
      }
    }
    distinct = Distinct(messages)
    decided = [Disposition](repeating: .ack, count: distinct.messages.count)
    self.decoded = decoded
    self.isNoted = isNoted
    next = .commit(decided.indices, releasing: isNoted)
    if messages.isEmpty { next = isNoted ? .release : afterCommits() }
  }

  // MARK: How a step ended

  /// The transaction is committed; these of its messages had no effect in it.
  package mutating func committed(_ exceptions: [Int: Disposition]) {
    guard case .commit(let range, _) = next else { return }
    for (index, disposition) in exceptions { decided[range.lowerBound + index] = disposition }
    next = nextRange() ?? afterReplay()
  }

  /// The transaction was rolled back because of its messages.
  package mutating func failed(_ disposition: Disposition) {
    guard case .commit(let range, _) = next else { return }
    if replay == nil {
      replay = range.count > 1 ? Replay(count: range.count) : Replay(count: 0)
      if range.count == 1 { decided[0] = disposition }
    } else if let guilty = replay?.failed(range) {
      decided[guilty] = disposition
    }
    next = nextRange() ?? afterReplay()
  }

  package mutating func released() { next = afterCommits() }

  package mutating func noted() {
    next = .publish(dispositions.leaving)
  }

  /// The broker has confirmed the copies, but for those that have nowhere to go: they stay in hand.
  package mutating func published(except rejected: Set<Int>) {
    next = .ack(dispositions.toAck(except: rejected))
  }

  package mutating func acked() { next = nil }

  // MARK: What comes next

  private mutating func nextRange() -> Step? { replay?.next().map { .commit($0, releasing: false) } }

  private mutating func afterReplay() -> Step { replay != nil && isNoted ? .release : afterCommits() }

  private mutating func afterCommits() -> Step {
    for (index, disposition) in zip(decoded, distinct.spread(decided)) { dispositions[index] = disposition }
    return dispositions.leaving.isEmpty ? .ack(dispositions.toAck()) : .note
  }
}

extension Course: Equatable where Message: Equatable {}
extension Course: Hashable where Message: Hashable {}

extension [Disposition] {
  /// The deliveries that go to another queue.
  var leaving: [Int] { indices.filter { self[$0].leaves } }

  /// The deliveries to be acked when the copies of all but `rejected` are confirmed (Rule 19).
  func toAck(except rejected: Set<Int> = []) -> [Int] {
    indices.filter { self[$0] == .ack || (self[$0].leaves && !rejected.contains($0)) }
  }
}

extension Disposition {
  fileprivate var leaves: Bool {
    switch self {
    case .delay, .deadLetter: true
    case .ack, .wait: false
    }
  }
}
