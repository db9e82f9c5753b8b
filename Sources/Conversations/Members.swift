package import Events
import Foundation
package import Postgres

/// Who takes part in conversations, whose rows are locked.
package enum Members {
  /// Queues the joining of buyers and sellers. The buyer is the one that the order's greatest version names; nobody
  /// is the seller of a connection that is not registered.
  package static func join(
    _ book: ConversationBook, rows: [ConversationName: ConversationRow], accounts: Accounts,
    on connection: Connection
  ) throws(PostgresError) {
    var sellers: [(conversation: Int, user: String)] = []
    var buyers: [(conversation: Int, buyer: Buyer?)] = []
    for entry in book.sorted {
      guard let row = rows[entry.name] else { continue }
      if let account = accounts[entry.name.connection] { sellers.append((row.id, account.user)) }
      if let standing = entry.standing, standing.version == row.version {
        buyers.append((row.id, standing.buyer))
      }
    }
    if !sellers.isEmpty { try join(sellers, as: "seller", on: connection) }
    guard !buyers.isEmpty else { return }
    _ = try connection.send(
      """
      INSERT INTO conversation_members AS m (conversation_id, role, external_id, name)
      SELECT conversation_id, 'buyer', external_id, name
        FROM unnest($1::bigint[], $2::text[], $3::text[]) AS b(conversation_id, external_id, name)
      ON CONFLICT (conversation_id, role) DO UPDATE SET external_id = excluded.external_id, name = excluded.name
       WHERE (m.external_id, m.name) IS DISTINCT FROM (excluded.external_id, excluded.name)
      """,
      [
        buyers.map(\.conversation), buyers.map { $0.buyer?.externalId }, buyers.map { $0.buyer?.name },
      ])
  }

  /// Queues the joining of buyers, by the conversation's id, where the order itself has named none yet.
  package static func introduce(_ buyers: [Int: Buyer], on connection: Connection) throws(PostgresError) {
    guard !buyers.isEmpty else { return }
    let conversations = buyers.keys.sorted()
    _ = try connection.send(
      """
      INSERT INTO conversation_members (conversation_id, role, external_id, name)
      SELECT conversation_id, 'buyer', external_id, name
        FROM unnest($1::bigint[], $2::text[], $3::text[]) AS b(conversation_id, external_id, name)
      ON CONFLICT DO NOTHING
      """,
      [conversations, conversations.map { buyers[$0]?.externalId }, conversations.map { buyers[$0]?.name }])
  }

  /// Queues the joining of moderators.
  package static func join(
    moderators: [(conversation: Int, user: String)], on connection: Connection
  ) throws(PostgresError) {
    if !moderators.isEmpty { try join(moderators, as: "moderator", on: connection) }
  }

  private static func join(
    _ users: [(conversation: Int, user: String)], as role: String, on connection: Connection
  ) throws(PostgresError) {
    _ = try connection.send(
      """
      INSERT INTO conversation_members (conversation_id, role, user_id)
      SELECT conversation_id, $1, user_id FROM unnest($2::bigint[], $3::text[]) AS u(conversation_id, user_id)
      ON CONFLICT DO NOTHING
      """, [role, users.map(\.conversation), users.map(\.user)])
  }

  /// The moderators of the conversations that have one, by the conversation's id.
  package static func moderators(
    of conversations: [Int], on connection: Connection
  ) throws(PostgresError) -> [Int: String] {
    let rows = try connection.query(
      """
      SELECT m.conversation_id, m.user_id FROM unnest($1::bigint[]) AS n(id)
        JOIN conversation_members m ON m.conversation_id = n.id AND m.role = 'moderator'
      """, [conversations])
    var moderators: [Int: String] = [:]
    for row in rows { moderators[row.int(0)] = row.text(1) }
    return moderators
  }
}
