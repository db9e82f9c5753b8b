import Events
import JSON
package import Marketplaces
import Outbox
package import Postgres
import Time

package import struct Foundation.UUID

/// Rows of `webhook_events`: what marketplaces said, in a page or in a webhook, and the events made of it.
package enum RawEvents {
  /// What names a row.
  package struct Key: Sendable, Hashable {
    package var connectionId: UUID
    package var eventId: String

    /// The key under which an item of that connection is stored.
    package init(_ connectionId: UUID, _ raw: RawEvent) {
      self.connectionId = connectionId
      eventId = raw.storedId
    }

    init(_ row: Row) {
      connectionId = row.uuid(0)
      eventId = row.text(1)
    }
  }

  /// Stores the items within the caller's transaction and publishes the events of those that are new; answers which
  /// were. The first stored item of an id fixes what the id means (Rule 4), so a later reading of it is not published.
  package static func store(
    _ items: [(connectionId: UUID, items: [FeedItem])], source: String, on connection: Connection
  ) throws -> Set<Key> {
    let rows = EventRows(items)
    guard !rows.keys.isEmpty else { return [] }
    let stored = try connection.query(
      """
      INSERT INTO webhook_events
        (connection_id, event_id, event_type, source, message_id, payload, status, processing_error, occurred_at,
         subject)
      SELECT e.connection_id, e.id, e.type, $1, e.message_id, e.payload, e.status, e.error, e.occurred_at, e.subject
      FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[], $8::text[],
                  $9::timestamptz[], $10::text[])
        AS e(connection_id, id, type, message_id, payload, status, error, occurred_at, subject)
      ORDER BY e.connection_id, e.id
      ON CONFLICT (connection_id, event_id) DO NOTHING RETURNING connection_id, event_id
      """,
      [
        source, rows.keys.map(\.connectionId), rows.keys.map(\.eventId), rows.types, rows.messageIds,
        rows.payloads, rows.statuses, rows.errors, rows.times, rows.events.map { $0?.subject },
      ])
    let new = Set(stored.map { Key($0) })
    let events = zip(rows.keys, rows.events).compactMap { new.contains($0) ? $1 : nil }
    try Outbox.append(events, on: connection)
    return new
  }
}

/// Items as columns of `webhook_events`; of an id given twice the first counts.
private struct EventRows {
  var keys: [RawEvents.Key] = []
  var types: [String] = []
  var messageIds: [String?] = []
  var payloads: [JSONText] = []
  var statuses: [String] = []
  var errors: [String?] = []
  var times: [Timestamp] = []
  var events: [Event?] = []

  init(_ items: [(connectionId: UUID, items: [FeedItem])]) {
    var seen: Set<RawEvents.Key> = []
    for (connectionId, items) in items {
      for item in items {
        let key = RawEvents.Key(connectionId, item.raw)
        guard seen.insert(key).inserted else { continue }
        keys.append(key)
        payloads.append(JSONText(item.raw.payload.storable.bytes))
        append(item.meaning, of: item.raw)
      }
    }
  }

  /// Of an event it is the event's own time that is kept: the inbox is keyed by it.
  private mutating func append(_ meaning: FeedItem.Meaning, of raw: RawEvent) {
    switch meaning {
    case .event(let event):
      events.append(event)
      times.append(event.time)
      types.append(event.type.rawValue)
      messageIds.append(event.id)
      statuses.append("published")
      errors.append(nil)
    case .skipped(let reason), .failed(let reason):
      events.append(nil)
      times.append(raw.occurredAt)
      types.append(String(raw.type.prefix(200)))
      messageIds.append(nil)
      if case .skipped = meaning { statuses.append("skipped") } else { statuses.append("failed") }
      errors.append(String(reason.prefix(1_000)))
    }
  }
}
