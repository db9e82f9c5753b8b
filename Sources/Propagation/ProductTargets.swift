import Events
import Foundation
import JSON
import Marketplaces
import Postgres
import Push

/// Finds the connections that a product's description goes to.
enum ProductTargets {
  /// Makes the variations that products name, and keeps their tags and bar codes; outside a transaction, since whoever
  /// else makes variations waits for it.
  static func prepare(_ events: [Event], on connection: Connection) throws {
    var rows: [Row: Event] = [:]
    for event in events {
      guard case .product(let product) = event.subjectData else { continue }
      for variant in product.variants ?? [] {
        guard let sku = variant.sku, !sku.isEmpty else { continue }
        rows[
          Row(connection: event.connectionId, sku: sku, ean: variant.barcode, tags: product.tags)] = event
      }
    }
    var latest: [Name: (row: Row, event: Event)] = [:]
    for (row, event) in rows {
      let name = Name(connection: row.connection, sku: row.sku)
      if let known = latest[name], known.event.detailsTime > event.detailsTime { continue }
      latest[name] = (row, event)
    }
    let all = latest.values.map(\.row).sorted { ($0.sku, $0.connection) < ($1.sku, $1.connection) }
    guard !all.isEmpty else { return }
    try connection.query(
      """
      WITH said AS (
        SELECT DISTINCT ON (c.user_id, n.sku) c.user_id, n.sku, n.ean, n.tags
          FROM unnest($1::uuid[], $2::text[], $3::text[], $4::jsonb[]) AS n(connection_id, sku, ean, tags)
          JOIN platform_connections c ON c.id = n.connection_id
         ORDER BY c.user_id, n.sku)
      INSERT INTO variations AS v (user_id, sku, ean, tags)
      SELECT user_id, sku, ean, coalesce(\(tags), '{}') FROM said
      ON CONFLICT (user_id, sku) DO UPDATE
         SET ean = coalesce(v.ean, excluded.ean),
             tags = CASE WHEN EXISTS (SELECT FROM said s WHERE s.user_id = v.user_id AND s.sku = v.sku
                                         AND jsonb_typeof(s.tags) = 'array')
                         THEN excluded.tags ELSE v.tags END
       WHERE (v.ean IS NULL AND excluded.ean IS NOT NULL) OR v.tags <> excluded.tags
      """,
      [
        all.map { UUID(uuidString: $0.connection) }, all.map(\.sku), all.map(\.ean),
        all.map { row in
          JSONText((row.tags.map { tags in JSON.array(tags.map { .string($0) }) } ?? .null).bytes)
        },
      ])
  }

  private static let tags =
    "(SELECT array_agg(t) FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(tags) = 'array' THEN tags ELSE '[]' END) AS t)"

  /// The wishes that follow from products of which something new was said: one for each variant and each other enabled
  /// connection of the owner whose rules take creations, changes or deletions.
  static func find(
    for names: [(connection: String, external: String)], on connection: Connection
  ) throws -> Set<ProductWishes.Wish> {
    guard !names.isEmpty else { return [] }
    let rows = try connection.query(
      """
      SELECT DISTINCT t.id, v.id, t.sync_rules
        FROM unnest($1::uuid[], $2::text[]) AS n(connection_id, external_id)
        JOIN products p ON p.connection_id = n.connection_id AND p.external_id = n.external_id
        JOIN platform_connections c ON c.id = p.connection_id
       CROSS JOIN LATERAL jsonb_array_elements(p.variants) AS e
        JOIN variations v ON v.user_id = c.user_id AND v.sku = e->>'sku'
        JOIN platform_connections t ON t.user_id = c.user_id AND t.id <> c.id AND t.status = 'enabled'
      """, [names.map { UUID(uuidString: $0.connection) }, names.map(\.external)])
    return Set(
      rows.filter { SyncRules((try? JSON.parse($0.bytes(2))) ?? .null).takesProducts }
        .map { ProductWishes.Wish(connectionId: $0.uuid(0), variation: $0.int(1)) })
  }

  private struct Row: Hashable {
    var connection: String
    var sku: String
    var ean: String?
    var tags: [String]?
  }

  private struct Name: Hashable {
    var connection: String
    var sku: String
  }
}
