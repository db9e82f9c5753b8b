package import JSON
package import Postgres

package import struct Foundation.UUID

/// What is held of a buyer: found and erased on request.
///
/// Stock, quantities and amounts are the seller's and stay; what names or reaches the person goes. Events that are
/// still on their way to a worker may bring some of it again: erase when the queues are empty, or once more after that.
package struct BuyerData: Sendable {
  /// The orders that belong to the buyer.
  package struct Order: Sendable, Hashable {
    package var connectionId: UUID
    package var externalId: String
  }

  package internal(set) var orders: [Order]

  /// Finds the orders of a buyer, by the marketplace's id of the person, or by e-mail address (whatever its case).
  /// `connectionId`: only there.
  package static func find(
    buyer: String, connectionId: UUID? = nil, on connection: Connection
  ) throws -> BuyerData {
    let rows = try connection.query(
      """
      SELECT connection_id, external_id FROM orders
       WHERE (buyer->>'externalId' = $1 OR lower(buyer->>'email') = lower($1))
         AND ($2::uuid IS NULL OR connection_id = $2)
       UNION
      SELECT c.connection_id, c.external_order_id
        FROM conversation_members m JOIN order_conversations c ON c.id = m.conversation_id
       WHERE m.role = 'buyer' AND m.external_id = $1 AND ($2::uuid IS NULL OR c.connection_id = $2)
       ORDER BY 1, 2
      """, [buyer, connectionId])
    return BuyerData(orders: rows.map { Order(connectionId: $0.uuid(0), externalId: $0.text(1)) })
  }

  private var keys: [any Bindable] { [orders.map(\.connectionId), orders.map(\.externalId)] }
  private static let ours = "unnest($1::uuid[], $2::text[]) AS k(connection_id, external_id)"

  /// Everything, as one JSON object: orders with their entries, messages, and the events as the marketplaces sent them.
  package func export(on connection: Connection) throws -> JSON {
    let orders = try objects(
      """
      SELECT to_jsonb(o) || jsonb_build_object('entries',
               (SELECT coalesce(jsonb_agg(to_jsonb(e)), '[]') FROM order_entries e WHERE e.order_id = o.id))
        FROM \(Self.ours) JOIN orders o USING (connection_id, external_id) ORDER BY o.id
      """, on: connection)
    let messages = try objects(
      """
      SELECT to_jsonb(m) FROM \(Self.ours)
        JOIN order_conversations c ON c.connection_id = k.connection_id AND c.external_order_id = k.external_id
        JOIN order_messages m ON m.conversation_id = c.id ORDER BY m.id
      """, on: connection)
    let events = try objects(
      "SELECT to_jsonb(w) FROM \(Self.ours) \(Self.events) ORDER BY w.id", on: connection)
    return ["orders": .array(orders), "messages": .array(messages), "events": .array(events)]
  }

  /// Erases it in the caller's transaction; answers how many rows were changed.
  package func erase(on connection: Connection) throws -> Int {
    guard !orders.isEmpty else { return 0 }
    var changed = 0
    for statement in Self.erasures { changed += try connection.query(statement, keys).affected }
    return changed
  }

  private static let events = """
    JOIN webhook_events w ON w.connection_id = k.connection_id
     AND strpos(w.payload::text, to_jsonb(k.external_id)::text) > 0
    """

  private static let erasures = [
    """
    UPDATE orders o SET buyer = NULL, shipping_address = NULL, updated_at = now()
      FROM \(ours) WHERE o.connection_id = k.connection_id AND o.external_id = k.external_id
    """,
    """
    UPDATE conversation_members m SET external_id = NULL, name = NULL
      FROM \(ours) JOIN order_conversations c
        ON c.connection_id = k.connection_id AND c.external_order_id = k.external_id
     WHERE m.conversation_id = c.id AND m.role = 'buyer'
    """,
    """
    UPDATE order_messages m SET body = '(erased)'
      FROM \(ours) JOIN order_conversations c
        ON c.connection_id = k.connection_id AND c.external_order_id = k.external_id
     WHERE m.conversation_id = c.id AND m.body IS NOT NULL
    """,
    """
    UPDATE order_conversations c SET tracking = NULL
      FROM \(ours) WHERE c.connection_id = k.connection_id AND c.external_order_id = k.external_id
    """,
    """
    DELETE FROM skipped_orders s
     USING \(ours) WHERE s.connection_id = k.connection_id AND s.external_id = k.external_id
    """,
    """
    UPDATE webhook_events e SET payload = '{"erased": true}'
     WHERE e.id IN (SELECT w.id FROM \(ours) \(events))
    """,
  ]

  private func objects(_ sql: String, on connection: Connection) throws -> [JSON] {
    try connection.query(sql, keys).map { try JSON.parse($0.bytes(0)) }
  }
}
