import Conversations
import Events
import Foundation
import Time

/// The disputes of a batch. Of two events about one dispute that with the later time counts, then that with the
/// greater id.
struct DisputeNews {
  struct Entry {
    /// The conversation about the order that is disputed.
    let name: ConversationName
    let dispute: Dispute
    let order: Order?
    let event: Event
  }

  /// A dispute's own name.
  private struct Key: Hashable {
    let connection: UUID
    let id: String
  }

  private var entries: [Key: Entry] = [:]
  /// Every order that is disputed, also where a later event about the dispute names another order.
  private(set) var book = ConversationBook()

  /// By connection and the dispute's own id, in the order of locks.
  var sorted: [Entry] {
    entries.sorted { ($0.key.connection, $0.key.id) < ($1.key.connection, $1.key.id) }.map(\.value)
  }

  mutating func add(_ entry: Entry) {
    book.escalate(entry.name)
    let key = Key(connection: entry.name.connection, id: entry.dispute.externalId)
    if let known = entries[key], (entry.event.time, entry.event.id) <= (known.event.time, known.event.id) {
      return
    }
    entries[key] = entry
  }
}
