/// The order in which a failed batch is tried again: in halves, then singly, each in a transaction of its own
/// (Rule 14), so that the guilty message alone is left over and its neighbours commit.
package struct Replay: Hashable, Sendable {
  private var pending: [Range<Int>]

  /// A batch of `count` messages whose transaction failed on bad data.
  package init(count: Int) { pending = Replay.halves(of: 0..<count) }

  /// The next range to try, or nil when all is decided.
  package mutating func next() -> Range<Int>? { pending.popLast() }

  /// The range failed too. Answers the guilty index once the range is down to one message.
  package mutating func failed(_ range: Range<Int>) -> Int? {
    guard range.count > 1 else { return range.first }
    pending += Replay.halves(of: range)
    return nil
  }

  /// The second half first: the last one pushed is tried first, so ranges run in order.
  private static func halves(of range: Range<Int>) -> [Range<Int>] {
    guard range.count > 1 else { return range.isEmpty ? [] : [range] }
    let middle = range.lowerBound + range.count / 2
    return [middle..<range.upperBound, range.lowerBound..<middle]
  }
}
