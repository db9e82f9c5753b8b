import Conversations
import JSON
package import Postgres

/// The moderators, and who of them takes which dispute. Each function works within the caller's transaction.
package enum Moderators {
  /// Adds a moderator, or makes one active again, and gives out what has been waiting for one.
  package static func add(_ user: String, name: String? = nil, on connection: Connection) throws {
    try lockRota(on: connection)
    try connection.query(
      """
      INSERT INTO moderators (user_id, name) VALUES ($1, $2)
      ON CONFLICT (user_id) DO UPDATE SET is_active = true, name = coalesce(excluded.name, moderators.name)
      """, [user, name])
    try assignWaiting(on: connection)
  }

  /// Gives the disputes that had found no active moderator to those who are active now; answers how many.
  @discardableResult
  package static func assignWaiting(on connection: Connection) throws -> Int {
    try lockRota(on: connection)
    let waiting = try connection.query(
      """
      SELECT id FROM order_conversations WHERE needs_moderator
       ORDER BY connection_id, external_order_id COLLATE "C" FOR UPDATE
      """)
    let assigned = try assign(waiting.map { $0.int(0) }, on: connection)
    guard !assigned.isEmpty else { return 0 }
    let disputes = try connection.query(
      """
      SELECT c.id, d.connection_id, d.external_id, d.external_order_id, d.reason, c.number
        FROM unnest($1::bigint[]) AS n(id) JOIN order_conversations c ON c.id = n.id
        JOIN order_disputes d
          ON d.connection_id = c.connection_id AND d.external_order_id = c.external_order_id
      """, [assigned.keys.sorted()])
    let notifications = disputes.compactMap { row in
      assigned[row.int(0)].map { user in
        UserNotification(
          to: user, .disputeAssigned, disputeId: row.text(2), conversation: row.int(0),
          about: ConversationName(connection: row.uuid(1), order: row.text(3)), number: row.optionalText(5),
          reason: row.optionalText(4))
      }
    }
    try UserNotifications.append(notifications, on: connection)
    return assigned.count
  }

  /// Makes others who give out disputes wait until the transaction ends. It is taken before anything about
  /// moderators or conversations is read, so that nobody can be added unseen while a dispute is found to have
  /// nobody.
  static func lockRota(on connection: Connection) throws(PostgresError) {
    _ = try connection.send("SELECT FROM moderator_rota FOR UPDATE")
  }

  /// Gives the conversations, whose rows are locked and which have no moderator, to one each, under the rota's
  /// lock. Those that nobody can take are flagged. Answers the moderators by conversation.
  static func assign(_ conversations: [Int], on connection: Connection) throws -> [Int: String] {
    guard !conversations.isEmpty else { return [:] }
    let turn = try connection.query("SELECT turn FROM moderator_rota").first?.int(0) ?? 0
    let active = try connection.query("SELECT user_id, last_turn FROM moderators WHERE is_active")
    var rota = Rota(turn: turn, moderators: active.map { .init(user: $0.text(0), lastTurn: $0.int(1)) })
    var assigned: [Int: String] = [:]
    for conversation in conversations { assigned[conversation] = rota.next() }
    _ = try connection.send(
      """
      UPDATE order_conversations c SET needs_moderator = n.needed, updated_at = now()
        FROM unnest($1::bigint[], $2::bool[]) AS n(id, needed)
       WHERE c.id = n.id AND c.needs_moderator <> n.needed
      """, [conversations, conversations.map { assigned[$0] == nil }])
    guard !assigned.isEmpty else { return [:] }
    let members = conversations.compactMap { id in assigned[id].map { (conversation: id, user: $0) } }
    try Members.join(moderators: members, on: connection)
    _ = try connection.send("UPDATE moderator_rota SET turn = $1", [rota.turn])
    _ = try connection.send(
      """
      UPDATE moderators m SET last_turn = n.turn
        FROM unnest($1::text[], $2::bigint[]) AS n(user_id, turn) WHERE m.user_id = n.user_id
      """, [rota.moderators.map(\.user), rota.moderators.map(\.lastTurn)])
    return assigned
  }
}
