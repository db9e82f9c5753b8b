import Conversations
import Events

/// What a batch of events says about orders, put together so that its order does not matter.
struct OrderNews {
  /// A version of an order that its buyer may be written to about.
  struct Version {
    let order: Order
    let event: Event
    let standing: OrderStanding
  }

  /// The financial statuses of orders whose buyers are written to; nil: all.
  let allowed: Set<String>?
  private(set) var book = ConversationBook()
  /// The greatest version that came live, by conversation.
  private(set) var live: [ConversationName: Version] = [:]
  /// What was due in versions that were read as history.
  private(set) var silenced: [ConversationName: Set<MessageKind>] = [:]

  init(allowed: Set<String>?) {
    self.allowed = allowed
  }

  mutating func add(_ order: Order, in event: Event, to name: ConversationName) {
    let standing = OrderStanding(order, in: event)
    book.add(standing, isAlive: order.isAlive(among: allowed), to: name)
    if event.backfill {
      silenced[name, default: []].formUnion(DueMessages.kinds(of: order, allowed: allowed))
    } else if live[name].map({ $0.standing.version < standing.version }) ?? true {
      live[name] = Version(order: order, event: event, standing: standing)
    }
  }
}
