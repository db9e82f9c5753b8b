package import JSON
package import Postgres
package import Time

/// What is in stock; `marketplace_stock` and its history, as programs see them.
package enum StockReads {
  package struct Filter: Sendable, Equatable {
    package var sku: String?
    package var marketplace: Int?
    /// Only what is listed with less than this.
    package var below: Int?

    package init(sku: String? = nil, marketplace: Int? = nil, below: Int? = nil) {
      self.sku = sku
      self.marketplace = marketplace
      self.below = below
    }
  }

  private static let object = """
    jsonb_build_object('id', s.id, 'variation_id', s.variation_id, 'sku', v.sku, 'title', v.title,
      'marketplace_id', s.marketplace_id, 'on_hand', s.on_hand, 'listed_stock', s.listed_stock,
      'last_synced_at', s.last_synced_at, 'last_api_quantity', s.last_api_quantity, 'admin_id', s.admin_id,
      'created_at', s.created_at, 'updated_at', s.updated_at)
    """

  private static let source = "marketplace_stock s LEFT JOIN variations v ON v.id = s.variation_id"

  /// A page of stock rows.
  package static func rows(
    _ filter: Filter, in scope: Scope, _ page: PageWish, on connection: Connection
  ) throws -> [JSON] {
    var query = PageQuery(object, from: source, key: "s.id", owner: "s.marketplace_id")
    query.filter(filter.sku) { "s.variation_id IN (SELECT id FROM variations WHERE sku = \($0))" }
    query.filter(filter.marketplace) { "s.marketplace_id = \($0)" }
    query.filter(filter.below) { "s.listed_stock < \($0)" }
    return try query.rows(
      before: page.before, limit: page.limit, ofOwners: scope.marketplaces(on: connection), on: connection)
  }

  /// A variation with its stock at every marketplace that is seen; nil when there is none.
  package static func variation(_ id: Int, in scope: Scope, on connection: Connection) throws -> JSON? {
    let rows = try connection.query(
      """
      SELECT jsonb_build_object('variation_id', v.id, 'sku', v.sku, 'title', v.title, 'is_mapped', v.is_mapped,
               'stock', (SELECT coalesce(jsonb_agg(\(object) ORDER BY s.marketplace_id), '[]')
                           FROM marketplace_stock s
                          WHERE s.variation_id = v.id
                            AND ($3::bigint[] IS NULL OR s.marketplace_id = ANY($3))))
        FROM variations v
       WHERE v.id = $1 AND ($2::text IS NULL OR v.user_id = $2)
      """, [id, scope.owner, try scope.marketplaces(on: connection)])
    return try rows.first.map { try JSON.parse($0.bytes(0)) }
  }

  /// Where a page of history begins: after the change of this moment and id.
  package struct Place: Sendable, Equatable {
    package var moment: Timestamp
    package var id: Int

    package init(moment: Timestamp, id: Int) {
      self.moment = moment
      self.id = id
    }
  }

  /// The changes of a variation's stock, the latest first by the marketplaces' clocks; nil when there is no such
  /// variation.
  package static func history(
    of variation: Int, in scope: Scope, before place: Place?, limit: Int, on connection: Connection
  ) throws -> [JSON]? {
    let rows = try connection.query(
      """
      SELECT s.id FROM variations v LEFT JOIN marketplace_stock s
               ON s.variation_id = v.id AND ($3::bigint[] IS NULL OR s.marketplace_id = ANY($3))
       WHERE v.id = $1 AND ($2::text IS NULL OR v.user_id = $2)
      """, [variation, scope.owner, try scope.marketplaces(on: connection)])
    guard rows.count > 0 else { return nil }
    return try changes(
      of: rows.filter { !$0.isNull(0) }.map { $0.int(0) }, before: place, limit: limit, on: connection)
  }

  /// Each stock row gives its own page by its index, and the latest of them are taken.
  private static func changes(
    of stock: [Int], before place: Place?, limit: Int, on connection: Connection
  ) throws -> [JSON] {
    let rows = try connection.query(
      """
      SELECT jsonb_build_object('id', h.id, 'variation_id', h.variation_id, 'marketplace_id', h.marketplace_id,
               'quantity_before', h.quantity_before, 'quantity_after', h.quantity_after,
               'quantity_change', h.quantity_change, 'change_type', h.change_type, 'order_id', h.order_id,
               'order_item_id', h.order_item_id, 'external_order_id', h.external_order_id,
               'reference_id', h.reference_id, 'admin_id', h.admin_id, 'notes', h.notes,
               'occurred_at', h.occurred_at, 'created_at', h.created_at)
        FROM unnest($1) AS own(id) CROSS JOIN LATERAL (
               SELECT * FROM marketplace_stock_history m
                WHERE m.marketplace_stock_id = own.id AND m.occurred_at <= $2 AND (m.occurred_at, m.id) < ($2, $3)
                ORDER BY m.occurred_at DESC, m.id DESC LIMIT $4) h
       ORDER BY h.occurred_at DESC, h.id DESC LIMIT $4
      """, [stock, place?.moment ?? .latest, place?.id ?? Int.max, limit])
    return try rows.map { try JSON.parse($0.bytes(0)) }
  }
}

extension Timestamp {
  /// Later than anything that happens: the year 9999.
  fileprivate static let latest = Timestamp(secondsSince1970: 253_402_300_799)
}
