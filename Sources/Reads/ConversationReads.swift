package import JSON
package import Postgres

/// What buyers were told, as programs see it.
package enum ConversationReads {
  package struct Filter: Sendable, Equatable {
    package var type: String?
    package var status: String?

    package init(type: String? = nil, status: String? = nil) {
      self.type = type
      self.status = status
    }
  }

  private static let object = """
    jsonb_build_object('id', c.id, 'order_id', c.order_id, 'connection_id', c.connection_id,
      'external_order_id', c.external_order_id, 'type', c.type, 'status', c.status,
      'needs_moderator', c.needs_moderator, 'number', c.number, 'created_at', c.created_at,
      'updated_at', c.updated_at)
    """

  /// A page of conversations, without what was said.
  package static func rows(
    _ filter: Filter, in scope: Scope, _ page: PageWish, on connection: Connection
  ) throws -> [JSON] {
    var query = PageQuery(object, from: "conversations c", key: "c.id", owner: "c.connection_id")
    query.filter(filter.type) { "c.type = \($0)" }
    query.filter(filter.status) { "c.status = \($0)" }
    return try query.rows(
      before: page.before, limit: page.limit, ofOwners: scope.connections(on: connection), on: connection)
  }

  /// A conversation with its members, messages and disputes; nil when none of that id is seen.
  package static func conversation(
    _ id: Int, in scope: Scope, on connection: Connection
  ) throws -> JSON? {
    let rows = try connection.query(
      """
      SELECT \(object) || jsonb_build_object('payment', c.payment, 'tracking', c.tracking,
               'members',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('role', m.role, 'user_id', m.user_id,
                         'external_id', m.external_id, 'name', m.name, 'joined_at', m.joined_at)
                         ORDER BY m.role), '[]')
                  FROM conversation_members m WHERE m.conversation_id = c.id),
               'messages',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', m.id, 'kind', m.kind, 'body', m.body,
                         'delivery_status', m.delivery_status, 'delivery_error', m.delivery_error,
                         'created_at', m.created_at, 'delivered_at', m.delivered_at) ORDER BY m.id), '[]')
                  FROM messages m WHERE m.conversation_id = c.id),
               'disputes',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', d.id, 'external_id', d.external_id,
                         'reason', d.reason, 'opened_at', d.opened_at) ORDER BY d.id), '[]')
                  FROM disputes d WHERE d.connection_id = c.connection_id
                   AND d.external_order_id = c.external_order_id))
        FROM conversations c
       WHERE c.id = $1 AND ($2::uuid[] IS NULL OR c.connection_id = ANY($2))
      """, [id, try scope.connections(on: connection)])
    return try rows.first.map { try JSON.parse($0.bytes(0)) }
  }
}
