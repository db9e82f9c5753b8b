import DequeModule
package import RabbitMQ
import Time

/// The packets that were published and whose confirms are not all there. A value: it decides, the relay does.
package struct Flight: Hashable, Sendable {
  package struct Settled: Hashable, Sendable {
    package var key: PacketKey
    package var count: Int
    /// Why the packet is not published: a message came back, or the broker refused one.
    package var failure: String?
  }

  private struct Published: Hashable {
    var key: PacketKey
    var last: UInt64
    var count: Int
    var missing: Int
    var failure: String?
  }

  private var confirms = Confirms()
  /// In the order of their tags, which rise.
  private var published: Deque<Published> = []
  /// The packets whose every message has its confirm, until they are forgotten.
  package private(set) var settled: [Settled] = []

  package init() {}

  package var isEmpty: Bool { published.isEmpty && settled.isEmpty }
  /// Messages without their confirm.
  package var outstanding: Int { confirms.count }

  package mutating func add(_ key: PacketKey, tags: [(tag: UInt64, messageId: String)]) {
    guard let last = tags.last?.tag else {
      settled.append(Settled(key: key, count: 0))
      return
    }
    for (tag, id) in tags { confirms.expect(tag, messageID: id) }
    published.append(Published(key: key, last: last, count: tags.count, missing: tags.count))
  }

  package mutating func note(_ returned: Returned) { confirms.note(returned) }

  package mutating func settle(_ confirm: Confirm) {
    for message in confirms.settle(confirm) {
      guard let index = index(of: message.tag) else { continue }
      published[index].missing -= 1
      switch message.outcome {
      case .confirmed: break
      case .unroutable(_, let text):
        published[index].failure =
          "\(message.messageID ?? "a message") has no queue (\(text)); crossdock topology apply declares them"
      case .refused:
        published[index].failure = "the broker could not take \(message.messageID ?? "a message")"
      }
    }
    while let first = published.first, first.missing == 0 {
      settled.append(Settled(key: first.key, count: first.count, failure: first.failure))
      published.removeFirst()
    }
  }

  /// The first so many settled packets are marked in the outbox.
  package mutating func forgetSettled(_ count: Int) { settled.removeFirst(count) }

  /// The channel is gone, and with it the confirms to come. Answers the packets whose fate nobody will ever tell.
  package mutating func abandon() -> [PacketKey] {
    defer {
      published.removeAll()
      confirms = Confirms()
    }
    return published.map(\.key)
  }

  private func index(of tag: UInt64) -> Int? {
    var low = published.startIndex
    var high = published.endIndex
    while low < high {
      let middle = low + (high - low) / 2
      if published[middle].last < tag { low = middle + 1 } else { high = middle }
    }
    return low < published.endIndex ? low : nil
  }
}
