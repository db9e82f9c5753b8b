import Outbox
package import Postgres

package import struct Foundation.UUID

/// Wishes that a connection describes a variation as another connection of the same owner does. As with quantities a wish
/// says nothing of the content: whoever does it takes what is so by then, also after an outage.
package enum ProductWishes {
  package struct Wish: Sendable, Hashable {
    package var connectionId: UUID
    package var variation: Int

    package init(connectionId: UUID, variation: Int) {
      self.connectionId = connectionId
      self.variation = variation
    }
  }

  /// Notes the wishes, and publishes a job for each that has none queued.
  package static func add(_ wishes: Set<Wish>, on connection: Connection) throws {
    guard !wishes.isEmpty else { return }
    let sorted = wishes.sorted {
      ($0.connectionId.uuidString, $0.variation) < ($1.connectionId.uuidString, $1.variation)
    }
    let rows = try connection.query(
      """
      INSERT INTO product_pushes AS p (connection_id, variation_id)
      SELECT * FROM unnest($1::uuid[], $2::bigint[])
      ON CONFLICT (connection_id, variation_id) DO UPDATE
         SET generation = p.generation + 1, is_queued = true,
             job_generation = CASE WHEN \(isLost) THEN p.generation + 1 ELSE p.job_generation END,
             queued_at = CASE WHEN \(isLost) THEN clock_timestamp() ELSE p.queued_at END
      RETURNING connection_id, variation_id, generation, job_generation = generation
      """, [sorted.map(\.connectionId), sorted.map(\.variation)])
    try Outbox.append(
      rows.filter { $0.bool(3) }.map { row in
        PushJob.product(
          Wish(connectionId: row.uuid(0), variation: row.int(1)), generation: row.int(2))
      }, on: connection)
  }

  private static let isLost = "(NOT p.is_queued OR p.queued_at < clock_timestamp() - interval '1 hour')"
}
