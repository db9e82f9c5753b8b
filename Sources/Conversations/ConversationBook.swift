/// The conversations that a batch is about, each as the batch alone would make it. Neither the order of the events
/// nor their number matters.
package struct ConversationBook: Sendable {
  package struct Entry: Sendable {
    package let name: ConversationName
    package fileprivate(set) var isOpened = false
    package fileprivate(set) var isDispute = false
    /// The greatest version of the order in this batch.
    package fileprivate(set) var standing: OrderStanding?
  }

  private var entries: [ConversationName: Entry] = [:]

  package init() {}

  package var isEmpty: Bool { entries.isEmpty }

  /// In the order of locks.
  package var sorted: [Entry] { entries.values.sorted { $0.name < $1.name } }

  /// Notes an order as an event shows it. One that lives and is eligible opens its conversation.
  package mutating func add(_ standing: OrderStanding, isAlive: Bool, to name: ConversationName) {
    var entry = entries[name] ?? Entry(name: name)
    entry.isOpened = entry.isOpened || isAlive
    if entry.standing.map({ $0.version < standing.version }) ?? true { entry.standing = standing }
    entries[name] = entry
  }

  /// Notes that there is a dispute about the order, which may not be known yet.
  package mutating func escalate(_ name: ConversationName) {
    var entry = entries[name] ?? Entry(name: name)
    entry.isOpened = true
    entry.isDispute = true
    entries[name] = entry
  }
}
