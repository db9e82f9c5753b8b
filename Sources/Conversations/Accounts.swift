package import Events
package import Foundation
package import JSON
package import Postgres

/// What conversations need to know of a connection.
package struct Account: Sendable {
  package let user: String
  package let platform: String
  /// What its owner calls it.
  package let name: String
  /// Nobody is written to: what would have been said is recorded.
  package let isShadow: Bool
  /// The kinds that its sync rules' `messages` lists; nil when they don't, and then all are sent.
  package let kinds: Set<String>?
  /// The sync rules' `language`; English unless they say.
  package let language: String

  package init(user: String, platform: String, name: String, isShadow: Bool, rules: JSON) {
    self.user = user
    self.platform = platform
    self.name = name
    self.isShadow = isShadow
    if case .array(let kinds) = rules["messages"] {
      self.kinds = Set(kinds.compactMap(\.text))
    } else {
      kinds = nil
    }
    language = rules["language"].text ?? Templates.defaultLanguage
  }

  /// Whether its owner wants messages of that kind sent.
  package func sends(_ kind: MessageKind) -> Bool { kinds?.contains(kind.rawValue) ?? true }
}

/// The registered connections that a batch is about.
package struct Accounts: Sendable {
  private var accounts: [UUID: Account] = [:]

  package init() {}

  /// Reads them anew for every batch, so that a change of rules counts at once.
  package init(of events: [Event], on connection: Connection) throws(PostgresError) {
    let ids = Set(events.map(\.connectionId)).compactMap { UUID(uuidString: $0) }
    try self.init(of: ids, on: connection)
  }

  /// Those of these ids.
  package init(of ids: [UUID], on connection: Connection) throws(PostgresError) {
    let rows = try connection.query(
      """
      SELECT c.id, c.user_id, c.platform, c.name, c.mode = 'shadow', c.sync_rules
        FROM unnest($1::uuid[]) AS n(id) JOIN platform_connections c ON c.id = n.id
      """, [ids])
    for row in rows {
      accounts[row.uuid(0)] = Account(
        user: row.text(1), platform: row.text(2), name: row.text(3), isShadow: row.bool(4),
        rules: (try? JSON.parse(row.bytes(5))) ?? .null)
    }
  }

  package subscript(connection: UUID) -> Account? { accounts[connection] }

  /// That of the event's connection.
  package subscript(event: Event) -> Account? {
    UUID(uuidString: event.connectionId).flatMap { accounts[$0] }
  }

  /// The conversation about an order; nil when the event's connection is not registered and it does not even say
  /// what marketplace it stands for.
  package func conversation(about order: String, in event: Event) -> ConversationName? {
    guard let connection = UUID(uuidString: event.connectionId),
      accounts[connection] != nil || event.marketplaceId != nil
    else { return nil }
    return ConversationName(connection: connection, order: order)
  }
}
