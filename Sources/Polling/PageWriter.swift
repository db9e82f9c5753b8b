import Events
import JSON
package import Marketplaces
package import Postgres
package import Time

/// Writes one page: what was said, what it means, and the listings; all within the caller's transaction.
package struct PageWriter: Sendable {
  let account: MarketplaceConnection

  package init(account: MarketplaceConnection) {
    self.account = account
  }

  /// Stores the items of a page and publishes the events of those that are new; answers the count of new ones. The
  /// orders among them are noted under `run`, whose outcome somebody waits for.
  package func write(_ items: [FeedItem], for run: Int64? = nil, on connection: Connection) throws -> Int {
    let new = try RawEvents.store([(account.id, items)], source: "poll", on: connection)
    if let run {
      let events = items.compactMap { item -> Event? in
        guard case .event(let event) = item.meaning else { return nil }
        return new.contains(RawEvents.Key(account.id, item.raw)) ? event : nil
      }
      try PollRunOrders.expect(events, of: run, on: connection)
    }
    return new.count
  }

  /// How many of the items are not stored yet.
  package func countNew(_ items: [FeedItem], on connection: Connection) throws -> Int {
    let rows = try connection.query(
      """
      SELECT count(*) FROM unnest($2::text[]) AS n(id)
       WHERE NOT EXISTS (SELECT FROM webhook_events e WHERE e.connection_id = $1 AND e.event_id = n.id)
      """, [account.id, Set(items.map { RawEvents.Key(account.id, $0.raw).eventId }).sorted()])
    return rows.first?.int(0) ?? 0
  }

  /// Keeps what a page of listings says. A listing keeps the variation it is mapped to; a new one gets that of its
  /// SKU, which is made if need be.
  package func write(_ listings: [Listing], asOf moment: Timestamp, on connection: Connection) throws {
    guard !listings.isEmpty else { return }
    let skus = Set(listings.compactMap(\.sku)).sorted()
    try connection.query(
      """
      INSERT INTO variations (user_id, sku) SELECT $1, s.sku FROM unnest($2::text[]) AS s(sku) ORDER BY s.sku
      ON CONFLICT (user_id, sku) DO NOTHING
      """, [account.userId, skus])
    var seen: Set<String> = []
    let rows = listings.filter { seen.insert($0.externalId).inserted }
    try connection.query(
      """
      INSERT INTO listings AS l
        (connection_id, external_id, variation_id, sku, title, status, price, currency, quantity, quantity_as_of)
      SELECT $1, n.id, v.id, n.sku, n.title, n.status, n.price::numeric, n.currency, n.quantity::int, $10
      FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int8[])
        AS n(id, sku, title, status, price, currency, quantity)
      LEFT JOIN variations v ON v.user_id = $2 AND v.sku = n.sku
      ORDER BY n.id
      ON CONFLICT (connection_id, external_id) DO UPDATE
      SET variation_id = coalesce(l.variation_id, excluded.variation_id), sku = excluded.sku,
          title = excluded.title, status = excluded.status, price = excluded.price, currency = excluded.currency,
          quantity = excluded.quantity, quantity_as_of = excluded.quantity_as_of, updated_at = now()
      WHERE l.quantity_as_of IS NULL OR l.quantity_as_of <= excluded.quantity_as_of
      """,
      [
        account.id, account.userId, rows.map(\.externalId), rows.map(\.sku), rows.map(\.title),
        rows.map(\.status),
        rows.map { $0.price?.text }, rows.map(\.currency), rows.map { $0.quantity.flatMap(Self.storable) },
        moment,
      ])
  }

  /// A quantity that the column can hold.
  private static func storable(_ quantity: Int) -> Int? {
    Int32(exactly: quantity).map { Int($0) }
  }
}
