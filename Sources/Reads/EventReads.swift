package import JSON
package import Postgres

import struct Foundation.UUID

/// The events as the marketplaces sent them, and how far each is.
package enum EventReads {
  package struct Filter: Sendable, Equatable {
    package var type: String?
    package var status: String?
    package var source: String?

    package init(type: String? = nil, status: String? = nil, source: String? = nil) {
      self.type = type
      self.status = status
      self.source = source
    }
  }

  private static let object = """
    jsonb_build_object('id', e.id, 'connection_id', e.connection_id, 'event_id', e.event_id,
      'event_type', e.event_type, 'source', e.source, 'status', e.status,
      'processing_error', e.processing_error, 'retry_count', e.retry_count, 'occurred_at', e.occurred_at,
      'created_at', e.created_at, 'processed_at', e.processed_at)
    """

  /// Who is done with it, and where it failed; `$3` are the consumers.
  private static let progress = """
    jsonb_build_object(
      'processed_by',
      (SELECT coalesce(jsonb_agg(jsonb_build_object('consumer', i.consumer, 'at', i.processed_at)
                ORDER BY i.consumer), '[]')
         FROM unnest($3) AS q(consumer)
         JOIN inbox i ON i.consumer = q.consumer AND i.event_time = e.occurred_at
                     AND i.message_id = e.message_id),
      'failures',
      (SELECT coalesce(jsonb_agg(jsonb_build_object('queue', f.queue, 'error_class', f.error_class,
                'error', f.error, 'attempts', f.attempts, 'failed_at', f.failed_at)
                ORDER BY f.queue), '[]')
         FROM event_failures f WHERE f.message_id = e.message_id))
    """

  /// The latest events about an order, the oldest first, each with how far it is.
  static func events(ofOrder external: String, of account: UUID, on connection: Connection) throws -> [JSON] {
    let rows = try connection.query(
      """
      SELECT latest.event FROM (
        SELECT e.id, \(object) || \(progress) AS event FROM webhook_events e
         WHERE e.connection_id = $1 AND e.subject = $2 ORDER BY e.id DESC LIMIT 100) latest
       ORDER BY latest.id
      """, [account, "order/" + external, consumers])
    return try rows.map { try JSON.parse($0.bytes(0)) }
  }

  /// A page of events, without their payloads.
  package static func rows(
    _ filter: Filter, in scope: Scope, _ page: PageWish, on connection: Connection
  ) throws -> [JSON] {
    var query = PageQuery(object, from: "webhook_events e", key: "e.id", owner: "e.connection_id")
    query.filter(filter.type) { "e.event_type = \($0)" }
    query.filter(filter.status) { "e.status = \($0)" }
    query.filter(filter.source) { "e.source = \($0)" }
    return try query.rows(
      before: page.before, limit: page.limit, ofOwners: scope.connections(on: connection), on: connection)
  }

  /// An event with its payload, who is done with it and where it failed; nil when none of that id is seen.
  package static func event(_ id: Int, in scope: Scope, on connection: Connection) throws -> JSON? {
    let rows = try connection.query(
      """
      SELECT \(object) || jsonb_build_object('message_id', e.message_id, 'payload', e.payload) || \(progress)
        FROM webhook_events e
       WHERE e.id = $1 AND ($2::uuid[] IS NULL OR e.connection_id = ANY($2))
      """, [id, try scope.connections(on: connection), consumers])
    return try rows.first.map { try JSON.parse($0.bytes(0)) }
  }

  /// Named, so that the inbox is looked into by its key and never walked through.
  private static let consumers = ["stock-ledger", "order-sync", "messaging", "disputes", "propagation"]
}
