import Conversations
import Events
import Foundation
import Postgres

/// Rows of `order_disputes`, one per dispute of a connection.
enum DisputeRows {
  /// Queues the disputes; a row stays as the latest event had it.
  static func fold(_ entries: [DisputeNews.Entry], on connection: Connection) throws(PostgresError) {
    _ = try connection.send(
      """
      INSERT INTO order_disputes AS d (connection_id, external_id, external_order_id, reason, opened_at, as_of,
        event_id)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::timestamptz[],
                           $7::text[])
      ON CONFLICT (connection_id, external_id) DO UPDATE SET
        external_order_id = excluded.external_order_id, reason = excluded.reason,
        opened_at = excluded.opened_at, as_of = excluded.as_of, event_id = excluded.event_id, updated_at = now()
       WHERE (excluded.as_of, excluded.event_id) > (d.as_of, d.event_id)
      """,
      [
        entries.map(\.name.connection), entries.map(\.dispute.externalId), entries.map(\.name.order),
        entries.map(\.dispute.reason), entries.map(\.dispute.openedAt), entries.map(\.event.time),
        entries.map(\.event.id),
      ])
  }
}
