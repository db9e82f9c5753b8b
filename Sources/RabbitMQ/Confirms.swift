/// The published messages whose confirms are outstanding on one channel. A pure value: make another with each channel.
package struct Confirms: Hashable, Sendable {
  package enum Outcome: Sendable, Hashable {
    /// The broker has it safe.
    case confirmed
    /// No queue is bound for it; the broker dropped it.
    case unroutable(code: Int, text: String)
    /// The broker could not take it.
    case refused
  }

  package struct Settled: Sendable, Hashable {
    package let tag: UInt64
    package let messageID: String?
    package let outcome: Outcome
  }

  private struct Entry: Hashable {
    let messageID: String?
    var returned: Outcome?
  }

  /// The entries of the tags from `first` on; nil where one is settled already, never at the front.
  private var entries: [Entry?] = []
  /// How many places at the front of `entries` are used up.
  private var head = 0
  private var first: UInt64 = 1
  /// How many are outstanding.
  package private(set) var count = 0

  package init() {}

  package var isEmpty: Bool { count == 0 }

  /// The outstanding tags, lowest first; what became of them is unknown once their channel is gone.
  package var tags: [UInt64] {
    entries.indices[head...].filter { entries[$0] != nil }.map { first + UInt64($0 - head) }
  }

  /// Notes what `publish` returned. Tags rise by one; an earlier one again is ignored.
  package mutating func expect(_ tag: UInt64, messageID: String? = nil) {
    if isEmpty { restart(at: tag) }
    guard tag >= end else { return }
    while end < tag { entries.append(nil) }
    entries.append(Entry(messageID: messageID))
    count += 1
  }

  /// Notes that a message came back; its confirm follows. Of several with the id, the earliest is meant.
  package mutating func note(_ returned: Returned) {
    let index = entries.indices[head...].first { index in
      guard let entry = entries[index] else { return false }
      return entry.messageID == returned.messageID && entry.returned == nil
    }
    if let index { entries[index]?.returned = .unroutable(code: returned.code, text: returned.text) }
  }

  /// What a confirm settles, lowest tag first; a tag that is not outstanding settles nothing.
  package mutating func settle(_ confirm: Confirm) -> [Settled] {
    guard confirm.tag >= first, confirm.multiple || confirm.tag < end else { return [] }
    var settled: [Settled] = []
    let last = min(confirm.tag, end &- 1)
    var tag = confirm.multiple ? first : confirm.tag
    while tag <= last, tag < end {
      let index = head + Int(tag - first)
      if let entry = entries[index] {
        let outcome = confirm.negative ? .refused : entry.returned ?? .confirmed
        settled.append(Settled(tag: tag, messageID: entry.messageID, outcome: outcome))
        entries[index] = nil
      }
      tag += 1
    }
    count -= settled.count
    dropSettledFront()
    return settled
  }

  private var end: UInt64 { first + UInt64(entries.count - head) }

  private mutating func restart(at tag: UInt64) {
    entries.removeAll(keepingCapacity: true)
    head = 0
    first = tag
  }

  private mutating func dropSettledFront() {
    while head < entries.count, entries[head] == nil {
      head += 1
      first += 1
    }
    if head == entries.count {
      entries.removeAll(keepingCapacity: true)
      head = 0
    } else if head > 1024 {
      entries.removeFirst(head)
      head = 0
    }
  }
}
