package import Events
package import JSON
package import Marketplaces
import Outbox
package import Postgres

/// Events that a person or this program itself makes: stored like a marketplace's own, and published.
package enum OwnEvents {
  /// Stores and publishes an event in the caller's transaction; answers its number in `webhook_events`, or nil when an
  /// event of that id is there already, and then nothing is published.
  ///
  /// - Parameters:
  ///   - id: what the event's id ends with, after platform and connection.
  ///   - source: who made it: `api`, `sweep`.
  ///   - payload: what was asked for, as it was asked.
  package static func publish(
    _ event: Event, id: String, of account: MarketplaceConnection, source: String, payload: JSON,
    on connection: Connection
  ) throws -> Int? {
    let rows = try connection.query(
      """
      INSERT INTO webhook_events
        (connection_id, event_id, event_type, source, message_id, payload, status, occurred_at, subject)
      VALUES ($1, $2, $3, $4, $5, $6, 'published', $7, $8)
      ON CONFLICT (connection_id, event_id) DO NOTHING RETURNING id
      """,
      [
        account.id, id, event.type.rawValue, source, event.id, JSONText(payload.bytes), event.time,
        event.subject,
      ])
    guard let row = rows.first else { return nil }
    try Outbox.append([OutboundMessage(event)], on: connection)
    return row.int(0)
  }
}
