import Events
import JSON
import Marketplaces
import Outbox
import Postgres
import Time

import struct Foundation.UUID

/// A product that this worker alone may write now.
struct ProductClaim: Sendable {
  var wish: ProductWishes.Wish
  var generation: Int
  var lease: UUID
  var source: ProductState?
  var own: ProductState?
  var written: ProductDraft?
  var listing: String?
  var tags: Set<String>
}

/// The rows of `product_pushes`.
enum ProductPushes {
  enum Claimed: Sendable {
    case claim(ProductClaim)
    /// There is no such wish.
    case none
    /// Another worker is at it.
    case busy
  }

  static func claim(_ wish: ProductWishes.Wish, on connection: Connection) throws -> Claimed {
    let token = UUID()
    let row = try connection.query(
      """
      UPDATE product_pushes p
         SET lease = $3, lease_until = clock_timestamp() + make_interval(secs => $4)
        FROM variations v
       WHERE p.connection_id = $1 AND p.variation_id = $2 AND v.id = p.variation_id
         AND (p.lease IS NULL OR p.lease_until < clock_timestamp())
      RETURNING p.generation, p.written, v.user_id, v.sku, to_jsonb(v.tags),
                (SELECT l.external_id FROM listings l
                  WHERE l.connection_id = $1 AND l.variation_id = $2 AND l.external_id NOT LIKE 'sku:%'
                    AND l.status IS DISTINCT FROM 'DELETED' ORDER BY l.id LIMIT 1)
      """, [wish.connectionId, wish.variation, token, PushStore.lease]
    ).first
    guard let row else {
      let isThere = try connection.query(
        "SELECT 1 FROM product_pushes WHERE connection_id = $1 AND variation_id = $2",
        [wish.connectionId, wish.variation])
      return isThere.count == 0 ? .none : .busy
    }
    let states = try states(of: row.text(3), user: row.text(2), on: connection)
    let own = states.first { $0.connectionId == wish.connectionId }
    return .claim(
      ProductClaim(
        wish: wish, generation: row.int(0), lease: token,
        source: states.first { $0.connectionId != wish.connectionId }?.state, own: own?.state,
        written: row.isNull(1) ? nil : (try? JSON.parse(row.bytes(1))).flatMap { ProductDraft($0) },
        // What the shop itself says of it may be known before its listing is read.
        listing: row.optionalText(5) ?? own.flatMap { $0.state.isDeleted ? nil : $0.listing },
        tags: Set(((try? JSON.parse(row.bytes(4))) ?? .null).array.compactMap(\.text))))
  }

  /// What the owner's connections say of a SKU, the last to say something first.
  private static func states(
    of sku: String, user: String, on connection: Connection
  ) throws -> [(connectionId: UUID, listing: String?, state: ProductState)] {
    try connection.query(
      """
      SELECT c.id, c.marketplace_id, p.title, p.description, p.status, p.is_deleted, p.as_of, e->>'price',
             e->>'barcode', e->>'externalId'
        FROM products p JOIN platform_connections c ON c.id = p.connection_id
       CROSS JOIN LATERAL (SELECT e FROM jsonb_array_elements(p.variants) AS e WHERE e->>'sku' = $2 LIMIT 1) AS v(e)
       WHERE c.user_id = $1 AND p.variants @> jsonb_build_array(jsonb_build_object('sku', $2::text))
       ORDER BY p.as_of DESC, p.event_id DESC
      """, [user, sku]
    ).map { row in
      let draft = ProductDraft(
        sku: sku, title: row.optionalText(2), description: row.optionalText(3),
        isActive: ProductDraft.isActive(row.optionalText(4)),
        price: row.optionalText(7).flatMap { Money($0) },
        barcode: row.optionalText(8))
      return (
        row.uuid(0), row.optionalText(9),
        ProductState(draft: draft, isDeleted: row.bool(5), at: row.timestamp(6), marketplace: row.int(1))
      )
    }
  }

  /// Notes what was done; a newer wish gets its job. `listing`: that of the product, when it is new here or gone.
  static func finish(
    _ claim: ProductClaim, _ outcome: ProductDecision.Outcome, written: ProductDraft? = nil,
    listing: String? = nil,
    on connection: Connection
  ) throws {
    if let listing { try note(listing, of: claim, isGone: outcome == .deleted, written, on: connection) }
    let row = try connection.query(
      """
      UPDATE product_pushes
         SET is_queued = generation > $4, job_generation = generation, queued_at = clock_timestamp(), outcome = $5,
             error = NULL, written = CASE WHEN $5 = 'deleted' THEN NULL ELSE coalesce($6, written) END, lease = NULL,
             lease_until = NULL, updated_at = now()
       WHERE connection_id = $1 AND variation_id = $2 AND lease = $3
      RETURNING generation, is_queued
      """,
      [
        claim.wish.connectionId, claim.wish.variation, claim.lease, claim.generation, outcome.rawValue,
        written.map { JSONText($0.json.bytes) },
      ]
    ).first
    if let row, row.bool(1) {
      try Outbox.append([PushJob.product(claim.wish, generation: row.int(0))], on: connection)
    }
    try log(claim, outcome, on: connection)
  }

  private static func note(
    _ listing: String, of claim: ProductClaim, isGone: Bool, _ written: ProductDraft?,
    on connection: Connection
  ) throws {
    try connection.query(
      """
      INSERT INTO listings AS l (connection_id, external_id, variation_id, sku, title, price, status)
      VALUES ($1, $2, $3, $4, $5, $6::text::numeric, CASE WHEN $7 THEN 'DELETED' END)
      ON CONFLICT (connection_id, external_id) DO UPDATE
         SET status = CASE WHEN $7 THEN 'DELETED' ELSE nullif(l.status, 'DELETED') END, updated_at = now()
      """,
      [
        claim.wish.connectionId, listing, claim.wish.variation, written?.sku, written?.title,
        written?.price?.text,
        isGone,
      ])
  }

  /// The write failed. `isLast`: this job won't come again.
  static func fail(
    _ claim: ProductClaim, _ error: String, isLast: Bool, on connection: Connection
  ) throws {
    try connection.query(
      """
      UPDATE product_pushes
         SET outcome = 'failed', error = $4, is_queued = is_queued AND NOT $5, lease = NULL, lease_until = NULL,
             updated_at = now()
       WHERE connection_id = $1 AND variation_id = $2 AND lease = $3
      """, [claim.wish.connectionId, claim.wish.variation, claim.lease, String(error.prefix(1_000)), isLast])
  }

  /// For people: what was done, and what was not because the target was changed later.
  private static func log(
    _ claim: ProductClaim, _ outcome: ProductDecision.Outcome, on connection: Connection
  ) throws {
    guard outcome != .current, outcome != .unsupported else { return }
    let body: JSON = [
      "sku": .text(claim.source?.draft.sku), "outcome": .string(outcome.rawValue),
      "from_marketplace": claim.source.map { .integer($0.marketplace) } ?? .null,
      "changed_at": claim.source.map { .time($0.at) } ?? .null,
      "changed_there_at": claim.own.map { .time($0.at) } ?? .null,
    ]
    try connection.query(
      """
      INSERT INTO activity_log (connection_id, user_id, kind, body)
      SELECT c.id, c.user_id, $2, $3 FROM platform_connections c WHERE c.id = $1
      """,
      [
        claim.wish.connectionId, outcome == .superseded ? "product.conflict" : "product.propagated",
        JSONText(body.bytes),
      ])
  }
}
