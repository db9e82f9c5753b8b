import Postgres

/// What buyers were to be told, and who was to hear of their complaints.
extension Held {
  /// An order of a connection.
  struct OrderName: Sendable, Hashable, Comparable {
    var connection: String
    var order: String

    static func < (left: OrderName, right: OrderName) -> Bool {
      (left.connection, left.order) < (right.connection, right.order)
    }
  }

  /// Orders whose buyers were not told what was due, or were told it twice, one line each: the confirmation, that of a
  /// payment, and the dispatch; a message that was due while history was read counts as told.
  func untold(accounts: [String: String]) async throws -> [String] {
    let ids = accounts.keys.sorted()
    return try await database.withConnection { connection in
      try connection.query(Self.untold, [ids]).map { row in
        "conversation \(accounts[row.text(0)] ?? "") \(row.text(1)): \(row.int(3)) of \(row.text(2)), not one"
      }
    }
  }

  private static let untold = """
    SELECT o.connection_id::text, o.external_id, due.kind, told.count
      FROM orders o
      CROSS JOIN LATERAL (VALUES
        ('order_confirmation', true),
        ('payment_confirmation', lower(o.financial_status) = 'paid'),
        ('shipping_update', o.status IN ('shipped', 'fulfilled'))) AS due(kind, is_due)
      CROSS JOIN LATERAL (
        SELECT count(*) FROM order_conversations c JOIN order_messages m ON m.conversation_id = c.id
         WHERE c.connection_id = o.connection_id AND c.external_order_id = o.external_id
           AND m.kind = due.kind) AS told
     WHERE o.connection_id::text = ANY($1) AND NOT o.closed AND o.status <> 'refunded' AND due.is_due
       AND told.count <> 1
     ORDER BY 1, 2, 3
    """

  /// Complaints that became no dispute with a notice, or that no moderator has, one line each. Where there are no
  /// moderators a dispute waits for one.
  func unescalated(disputes: Set<OrderName>, accounts: [String: String]) async throws -> [String] {
    let all = disputes.sorted()
    return try await database.withConnection { connection in
      try connection.query(Self.unescalated, [all.map(\.connection), all.map(\.order)]).map { row in
        "dispute \(accounts[row.text(0)] ?? "") \(row.text(1)): \(row.text(2))"
      }
    }
  }

  private static let unescalated = """
    SELECT n.connection, n.order_id,
           CASE WHEN c.id IS NULL OR c.type <> 'dispute' THEN 'not known here'
                WHEN m.conversation_id IS NULL AND EXISTS (SELECT FROM moderators WHERE is_active)
                THEN 'no moderator has it' ELSE 'its buyer was not told' END
      FROM unnest($1::text[], $2::text[]) AS n(connection, order_id)
      LEFT JOIN order_conversations c
             ON c.connection_id = n.connection::uuid AND c.external_order_id = n.order_id
      LEFT JOIN conversation_members m ON m.conversation_id = c.id AND m.role = 'moderator'
     WHERE c.id IS NULL OR c.type <> 'dispute'
        OR (m.conversation_id IS NULL AND EXISTS (SELECT FROM moderators WHERE is_active))
        OR NOT EXISTS (SELECT FROM order_messages x
                        WHERE x.conversation_id = c.id AND x.kind = 'dispute_notice')
     ORDER BY 1, 2
    """
}
