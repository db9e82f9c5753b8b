import Events
import JSON
import Marketplaces
import Postgres

import struct Foundation.UUID

/// Finds the listings that a change of a shared stock goes to.
enum StockTargets {
  /// A stock that has changed, and where.
  struct Change: Hashable {
    var variation: Int
    var marketplace: Int
    var event: String

    init?(_ stock: Stock, in event: Event) {
      guard let variation = stock.variationId.flatMap({ Int(exactly: $0) }),
        let marketplace = stock.marketplaceId ?? event.marketplaceId
      else { return nil }
      self.variation = variation
      self.marketplace = marketplace
      self.event = event.id
    }
  }

  struct Target {
    var listing: Int
    var connectionId: UUID
    var user: String
    var sku: String
    var change: Change
  }

  /// Every listing of the same pool whose connection's rules take the change, also the one where it happened: whoever
  /// writes finds out that it shows the quantity already.
  static func find(for changes: [Change], on connection: Connection) throws -> [Target] {
    guard !changes.isEmpty else { return [] }
    let unique = Dictionary(changes.map { (Pair($0), $0) }, uniquingKeysWith: { $1 }).map(\.value)
      .sorted { ($0.variation, $0.marketplace) < ($1.variation, $1.marketplace) }
    let rows = try connection.query(
      """
      SELECT n.ordinal, l.id, c.id, c.user_id, v.sku, l.price::text, c.sync_rules, to_jsonb(v.tags)
        FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS n(variation_id, marketplace_id, ordinal)
        JOIN marketplace_stock o ON o.variation_id = n.variation_id AND o.marketplace_id = n.marketplace_id
        JOIN stock_pools p ON p.id = o.pool_id AND p.is_shared
        JOIN marketplace_stock s ON s.pool_id = p.id
        JOIN platform_connections c ON c.marketplace_id = s.marketplace_id AND c.status = 'enabled'
        JOIN listings l ON l.variation_id = n.variation_id AND l.connection_id = c.id
         AND l.external_id NOT LIKE 'sku:%' AND l.status IS DISTINCT FROM 'DELETED'
        JOIN variations v ON v.id = l.variation_id
      """, [unique.map(\.variation), unique.map(\.marketplace)])
    var targets: [Target] = []
    for row in rows {
      let change = unique[row.int(0) - 1]
      let rules = SyncRules((try? JSON.parse(row.bytes(6))) ?? .null)
      let subject = SyncRules.Subject(
        sku: row.text(4), price: row.optionalText(5).flatMap { Money(.string($0)) },
        tags: Set(((try? JSON.parse(row.bytes(7))) ?? .null).array.compactMap(\.text)))
      guard rules.takesInventory(of: subject, from: change.marketplace) else { continue }
      targets.append(
        Target(
          listing: row.int(1), connectionId: row.uuid(2), user: row.text(3), sku: row.text(4), change: change)
      )
    }
    return targets
  }

  private struct Pair: Hashable {
    var variation: Int
    var marketplace: Int
    init(_ change: Change) { (variation, marketplace) = (change.variation, change.marketplace) }
  }
}

/// The log of what was passed on, for people.
enum Activity {
  static func note(_ targets: [StockTargets.Target], on connection: Connection) throws {
    guard !targets.isEmpty else { return }
    let bodies = targets.map { target -> JSONText in
      let body: JSON = [
        "sku": .string(target.sku), "listing": .integer(target.listing),
        "event": .string(target.change.event),
        "from_marketplace": .integer(target.change.marketplace),
      ]
      return JSONText(body.bytes)
    }
    _ = try connection.send(
      """
      INSERT INTO activity_log (connection_id, user_id, kind, body)
      SELECT connection_id, user_id, 'inventory.propagated', body
        FROM unnest($1::uuid[], $2::text[], $3::jsonb[]) AS a(connection_id, user_id, body)
      """, [targets.map(\.connectionId), targets.map(\.user), bodies])
  }
}
