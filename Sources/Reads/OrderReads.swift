package import JSON
package import Postgres

import struct Foundation.UUID

/// The orders as last heard of, as programs see them.
package enum OrderReads {
  package struct Filter: Sendable, Equatable {
    package var status: String?
    package var externalId: String?
    package var number: String?

    package init(status: String? = nil, externalId: String? = nil, number: String? = nil) {
      self.status = status
      self.externalId = externalId
      self.number = number
    }
  }

  /// Money is text, so that no digit is lost.
  private static let object = """
    jsonb_build_object('id', o.id, 'connection_id', o.connection_id, 'marketplace_id', o.marketplace_id,
      'external_id', o.external_id, 'number', o.number, 'status', o.status,
      'financial_status', o.financial_status, 'fulfillment_status', o.fulfillment_status, 'closed', o.closed,
      'merged_into', o.merged_into,
      'currency', o.currency, 'total', o.total::text, 'tax', o.tax::text, 'shipping', o.shipping::text,
      'placed_at', o.placed_at, 'source_updated_at', o.source_updated_at, 'cancelled_at', o.cancelled_at,
      'created_at', o.created_at, 'updated_at', o.updated_at)
    """

  /// A page of orders, without their entries.
  package static func rows(
    _ filter: Filter, in scope: Scope, _ page: PageWish, on connection: Connection
  ) throws -> [JSON] {
    var query = PageQuery(object, from: "orders o", key: "o.id", owner: "o.connection_id")
    query.filter(filter.status) { "o.status = \($0)" }
    query.filter(filter.externalId) { "o.external_id = \($0)" }
    query.filter(filter.number) { "o.number = \($0)" }
    return try query.rows(
      before: page.before, limit: page.limit, ofOwners: scope.connections(on: connection), on: connection)
  }

  /// What an order is called by: our number, or the marketplace's id, of which two marketplaces can have the same.
  package enum Found: Sendable, Equatable {
    case none
    case one(Int)
    case several
  }

  /// The order of that name; our own numbers go before the marketplaces' ids.
  package static func find(_ name: String, in scope: Scope, on connection: Connection) throws -> Found {
    let connections = try scope.connections(on: connection)
    if let id = Int(name) {
      let rows = try connection.query(
        "SELECT id FROM orders WHERE id = $1 AND ($2::uuid[] IS NULL OR connection_id = ANY($2))",
        [id, connections])
      if let row = rows.first { return .one(row.int(0)) }
    }
    let rows = try connection.query(
      """
      SELECT id FROM orders WHERE external_id = $1 AND ($2::uuid[] IS NULL OR connection_id = ANY($2))
       ORDER BY id LIMIT 2
      """, [name, connections])
    guard let row = rows.first else { return .none }
    return rows.count == 1 ? .one(row.int(0)) : .several
  }

  /// An order with its buyer, entries and conversation, its events and what they have done; nil when there is none of that number.
  package static func order(_ id: Int, on connection: Connection) throws -> JSON? {
    let rows = try connection.query(
      """
      SELECT \(object) || jsonb_build_object('buyer', o.buyer, 'shipping_address', o.shipping_address,
               'tracking', o.tracking,
               'conversation_id', (SELECT c.id FROM conversations c WHERE c.connection_id = o.connection_id
                                      AND c.external_order_id = o.external_id),
               'entries',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('id', e.id, 'external_id', e.external_id,
                         'kind', e.kind, 'listing_id', e.listing_id, 'sku', e.sku,
                         'variation_id', e.variation_id, 'title', e.title, 'quantity', e.quantity,
                         'unit_price', e.unit_price::text, 'full_price', e.full_price::text) ORDER BY e.id), '[]')
                  FROM order_entries e WHERE e.order_id = o.id),
               'stock_changes',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', v.sku, 'variation_id', h.variation_id,
                         'change_type', h.change_type, 'quantity_change', h.quantity_change,
                         'quantity_after', h.quantity_after, 'at', h.created_at) ORDER BY h.id), '[]')
                  FROM marketplace_stock s
                  JOIN marketplace_stock_history h ON h.marketplace_stock_id = s.id
                   AND h.external_order_id = o.external_id
                   AND h.occurred_at >= coalesce(o.placed_at, o.created_at) - interval '1 day'
                  JOIN variations v ON v.id = s.variation_id
                 WHERE s.marketplace_id = o.marketplace_id AND s.variation_id IN
                       (SELECT e.variation_id FROM order_entries e WHERE e.order_id = o.id)),
               'messages',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', m.kind,
                         'delivery_status', m.delivery_status, 'at', m.created_at) ORDER BY m.id), '[]')
                  FROM conversations c JOIN messages m ON m.conversation_id = c.id
                 WHERE c.connection_id = o.connection_id AND c.external_order_id = o.external_id),
               'disputes',
               (SELECT coalesce(jsonb_agg(jsonb_build_object('reason', d.reason, 'at', d.opened_at)
                         ORDER BY d.id), '[]')
                  FROM disputes d WHERE d.connection_id = o.connection_id
                   AND d.external_order_id = o.external_id)),
             o.connection_id, o.external_id
        FROM orders o WHERE o.id = $1
      """, [id])
    guard let row = rows.first else { return nil }
    var order = try JSON.parse(row.bytes(0))
    order["events"] = .array(
      try EventReads.events(ofOrder: row.text(2), of: row.uuid(1), on: connection))
    return order
  }
}
