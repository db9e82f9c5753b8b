import Foundation
import JSON
import Outbox
package import Postgres
import Time

/// Wishes that listings show what the ledger has. A wish says nothing of the quantity: whoever does it takes the
/// present one, so that ten changes waiting for a slow marketplace become one call.
package enum Wishes {
  /// Notes the wishes, and publishes a job for each listing that has none queued. A job that was not heard of for an
  /// hour is taken for lost.
  package static func add(_ listings: [Int], on connection: Connection) throws {
    guard !listings.isEmpty else { return }
    let rows = try connection.query(
      """
      INSERT INTO stock_pushes AS p (listing_ref, connection_id)
      SELECT l.id, l.connection_id FROM unnest($1::bigint[]) AS n(id) JOIN listings l ON l.id = n.id ORDER BY l.id
      ON CONFLICT (listing_ref) DO UPDATE
         SET generation = p.generation + 1, is_queued = true,
             job_generation = CASE WHEN \(isLost) THEN p.generation + 1 ELSE p.job_generation END,
             queued_at = CASE WHEN \(isLost) THEN clock_timestamp() ELSE p.queued_at END
      RETURNING listing_ref, connection_id, generation, job_generation = generation
      """, [Set(listings).sorted()])
    let jobs = rows.filter { $0.bool(3) }.map { row in
      PushJob.quantity(
        listing: row.int(0), connection: row.uuid(1).uuidString.lowercased(), generation: row.int(2))
    }
    try Outbox.append(jobs, on: connection)
  }

  private static let isLost = "(NOT p.is_queued OR p.queued_at < clock_timestamp() - interval '1 hour')"
}
