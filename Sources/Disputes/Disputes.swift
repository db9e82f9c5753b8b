package import Conversations
package import Events
package import Lane
package import Postgres
package import Topology

/// Stores disputes, makes the conversation about the order one about its dispute, brings a moderator in and tells all
/// parties.
///
/// A dispute that comes before its order is a stored row and an opened conversation, not a delay (Rule 13): what is
/// known of the order joins it when it comes.
package struct Disputes: Consumer {
  private let templates: Templates
  private let canDeliver: @Sendable (String) -> Bool
  private var accounts = Accounts()

  /// `canDeliver`: whether messages to buyers can be sent through the API of a platform.
  package init(templates: Templates, canDeliver: @escaping @Sendable (String) -> Bool) {
    self.templates = templates
    self.canDeliver = canDeliver
  }

  package var queue: Queue { .disputes }

  package func decode(_ body: UnsafeRawBufferPointer) throws(EventError) -> Event {
    try Event.decode(body)
  }

  package mutating func prepare(_ messages: [Event], on connection: Connection) throws {
    accounts = try Accounts(of: messages, on: connection)
  }

  package mutating func apply(
    _ batch: Batch<Event>, on connection: Connection
  ) throws -> [Int: Disposition] {
    var exceptions: [Int: Disposition] = [:]
    var news = DisputeNews()
    for index in try batch.claimed() {
      let event = batch.messages[index]
      guard case .dispute(let dispute, let order) = event.subjectData else { continue }
      guard let name = accounts.conversation(about: dispute.orderId, in: event) else {
        exceptions[index] = .deadLetter(
          Failure(
            .unknownConnection, place: "connection",
            "connection \(event.connectionId) is not registered and the event names no marketplaceId"))
        continue
      }
      news.add(.init(name: name, dispute: dispute, order: order, event: event))
    }
    if !news.book.isEmpty { try escalate(news, on: connection) }
    return exceptions
  }

  /// Locks first, the rota before the conversations, then reads, then writes.
  private func escalate(_ news: DisputeNews, on connection: Connection) throws {
    try Moderators.lockRota(on: connection)
    let folded = try ConversationRows.fold(news.book, on: connection)
    let rows = ConversationRows.rows(try connection.receive(folded))
    try DisputeRows.fold(news.sorted, on: connection)
    try join(news, rows: rows, on: connection)
    let conversations = news.book.sorted.compactMap { rows[$0.name]?.id }
    var moderators = try Members.moderators(of: conversations, on: connection)
    let alone = conversations.filter { moderators[$0] == nil }
    moderators.merge(try Moderators.assign(alone, on: connection)) { $1 }
    try tell(news, rows: rows, on: connection)
    try UserNotifications.append(
      news.sorted.flatMap { entry in
        rows[entry.name].map { notifications(of: entry, in: $0, moderator: moderators[$0.id]) } ?? []
      }, on: connection)
  }

  private func join(
    _ news: DisputeNews, rows: [ConversationName: ConversationRow], on connection: Connection
  ) throws {
    try Members.join(news.book, rows: rows, accounts: accounts, on: connection)
    var buyers: [Int: Buyer] = [:]
    for entry in news.sorted {
      if let row = rows[entry.name], let buyer = entry.order?.buyer { buyers[row.id] = buyer }
    }
    try Members.introduce(buyers, on: connection)
  }

  /// Writes to the buyers, once per order; never about a dispute that was read as history.
  private func tell(
    _ news: DisputeNews, rows: [ConversationName: ConversationRow], on connection: Connection
  ) throws {
    let known = try Messages.kinds(of: rows.values.map(\.id).sorted(), on: connection)
    var drafts: [MessageDraft] = []
    var settled = Set(known.filter { $0.value.contains(.disputeNotice) }.keys)
    for entry in news.sorted {
      guard let row = rows[entry.name], settled.insert(row.id).inserted else { continue }
      let account = accounts[row.name.connection]
      if entry.event.backfill {
        drafts.append(MessageDraft(silenced: .disputeNotice, in: row))
      } else if account?.sends(.disputeNotice) ?? true {
        let values = MessageValues(
          order: entry.order, number: row.number, orderId: row.name.order, shop: account?.name,
          dispute: entry.dispute)
        let body = templates.body(
          .disputeNotice, language: account?.language ?? Templates.defaultLanguage, values: values)
        drafts.append(
          MessageDraft(.disputeNotice, in: row, body: body, account: account, canDeliver: canDeliver))
      }
    }
    try Messages.append(drafts, on: connection)
  }

  private func notifications(
    of entry: DisputeNews.Entry, in row: ConversationRow, moderator: String?
  ) -> [UserNotification] {
    guard !entry.event.backfill else { return [] }
    func notification(to user: String, _ kind: UserNotification.Kind) -> UserNotification {
      UserNotification(
        to: user, kind, disputeId: entry.dispute.externalId, conversation: row.id, about: row.name,
        number: row.number ?? entry.order?.number, reason: entry.dispute.reason)
    }
    var notifications: [UserNotification] = []
    if let account = accounts[row.name.connection] {
      notifications.append(notification(to: account.user, .disputeOpened))
    }
    if let moderator { notifications.append(notification(to: moderator, .disputeAssigned)) }
    return notifications
  }
}
