package import Postgres

package import struct Foundation.UUID

extension BuyerData {
  mutating func add(_ other: BuyerData) {
    orders = Set(orders + other.orders).sorted { $0.externalId < $1.externalId }
  }

  /// Erases what names or reaches any buyer of a connection; answers how many rows were changed.
  package static func eraseAll(of connectionId: UUID, on connection: Connection) throws -> Int {
    try shopErasures.reduce(0) { try $0 + connection.query($1, [connectionId]).affected }
  }

  private static let shopErasures = [
    """
    UPDATE orders SET buyer = NULL, shipping_address = NULL, updated_at = now()
     WHERE connection_id = $1 AND (buyer IS NOT NULL OR shipping_address IS NOT NULL)
    """,
    """
    UPDATE conversation_members m SET external_id = NULL, name = NULL FROM order_conversations c
     WHERE m.conversation_id = c.id AND c.connection_id = $1 AND m.role = 'buyer'
    """,
    """
    UPDATE order_messages m SET body = '(erased)' FROM order_conversations c
     WHERE m.conversation_id = c.id AND c.connection_id = $1 AND m.body IS NOT NULL
    """,
    "UPDATE order_conversations SET tracking = NULL WHERE connection_id = $1 AND tracking IS NOT NULL",
    "DELETE FROM skipped_orders WHERE connection_id = $1",
    """
    UPDATE webhook_events SET payload = '{"erased": true}'
     WHERE connection_id = $1 AND event_type NOT IN ('customers/data_request', 'customers/redact', 'shop/redact')
    """,
  ]
}
