package import Conversations
package import Events
package import Lane
package import Postgres
import Time
package import Topology

/// Writes to buyers about their orders, and tells sellers.
///
/// It goes by the order as it stands, not by what an event is called: whoever sees the greatest version of a living
/// order sends what is due and was not sent yet, at most one message of a kind per order, ever (Rule 13).
package struct Messaging: Consumer {
  private let templates: Templates
  private let maxAge: Duration
  private let allowedStatuses: Set<String>?
  private let canDeliver: @Sendable (String) -> Bool
  private(set) var accounts = Accounts()

  /// `maxAge`: nothing is sent about orders placed longer ago (`MESSAGING_MAX_AGE_HOURS`). `canDeliver`: whether
  /// messages to buyers can be sent through the API of a platform. `allowedFinancialStatuses`: those of orders whose buyers
  /// are written to, in lower case; nil: all are.
  package init(
    templates: Templates, maxAge: Duration, allowedFinancialStatuses: Set<String>? = nil,
    canDeliver: @escaping @Sendable (String) -> Bool
  ) {
    allowedStatuses = allowedFinancialStatuses
    self.templates = templates
    self.maxAge = maxAge
    self.canDeliver = canDeliver
  }

  package var queue: Queue { .messaging }

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
    var news = OrderNews(allowed: allowedStatuses)
    var notifications: [UserNotification] = []
    for index in try batch.claimed() {
      let event = batch.messages[index]
      switch event.subjectData {
      case .order(let order):
        if let name = accounts.conversation(about: order.externalId, in: event) {
          news.add(order, in: event, to: name)
        } else {
          exceptions[index] = .deadLetter(unknownConnection(event))
        }
      case .stock(let stock):
        if let notification = notification(of: stock, in: event) { notifications.append(notification) }
      default: continue
      }
    }
    let drafts = try write(news, on: connection)
    for draft in drafts {
      if let notification = notification(of: draft, in: news) { notifications.append(notification) }
    }
    try UserNotifications.append(notifications, on: connection)
    return exceptions
  }

  private func unknownConnection(_ event: Event) -> Failure {
    Failure(
      .unknownConnection, place: "connection",
      "connection \(event.connectionId) is not registered and the event names no marketplaceId")
  }

  /// Locks the conversations first, then reads what was sent, then writes what is due (Rule 12).
  private func write(_ news: OrderNews, on connection: Connection) throws -> [MessageDraft] {
    guard !news.book.isEmpty else { return [] }
    let folded = try ConversationRows.fold(news.book, on: connection)
    let rows = ConversationRows.rows(try connection.receive(folded))
    try Members.join(news.book, rows: rows, accounts: accounts, on: connection)
    let known = try Messages.kinds(of: rows.values.map(\.id).sorted(), on: connection)
    let now = Timestamp.now()
    var drafts: [MessageDraft] = []
    for name in news.book.sorted.map(\.name) {
      guard let row = rows[name] else { continue }
      var settled = known[row.id] ?? []
      for kind in MessageKind.allCases where news.silenced[name]?.contains(kind) ?? false {
        if settled.insert(kind).inserted { drafts.append(MessageDraft(silenced: kind, in: row)) }
      }
      if let version = news.live[name], version.standing.version == row.version {
        drafts += due(version, in: row, besides: settled, at: now)
      }
    }
    try Messages.append(drafts, on: connection)
    return drafts
  }

  private func due(
    _ version: OrderNews.Version, in row: ConversationRow, besides settled: Set<MessageKind>,
    at now: Timestamp
  ) -> [MessageDraft] {
    let order = version.order
    let kinds = DueMessages.kinds(of: order, allowed: allowedStatuses).filter { !settled.contains($0) }
    guard !kinds.isEmpty, DueMessages.isFresh(order, in: version.event, maxAge: maxAge, at: now) else {
      return []
    }
    let account = accounts[row.name.connection]
    let values = MessageValues(
      order: order, number: row.number, orderId: order.externalId, shop: account?.name)
    let language = account?.language ?? Templates.defaultLanguage
    return kinds.filter { account?.sends($0) ?? true }.map { kind in
      MessageDraft(
        kind, in: row, body: templates.body(kind, language: language, values: values), account: account,
        canDeliver: canDeliver)
    }
  }
}
