import Postgres

/// One row per effect: who claims an id in a transaction has it to himself, for ever (promise 3).
package enum Inbox {
  /// Queues the claim of the messages for a consumer; its rows are the ids that were not there before. Claims are
  /// made in key order, so that two lanes with the same ids wait for each other and don't deadlock.
  static func claim(
    _ messages: [some Keyed], for consumer: String, on connection: Connection
  ) throws(PostgresError) -> Reply {
    let order = messages.indices.sorted { left, right in
      let (left, right) = (messages[left], messages[right])
      return left.time == right.time ? left.id < right.id : left.time < right.time
    }
    return try connection.send(
      """
      INSERT INTO inbox (consumer, event_time, message_id)
      SELECT $1, event_time, message_id FROM unnest($2::timestamptz[], $3::text[]) AS m(event_time, message_id)
      ON CONFLICT DO NOTHING RETURNING message_id
      """, [consumer, Column(order) { messages[$0].time }, Column(order) { messages[$0].id }])
  }

  /// Takes claims back within their transaction, for messages that turn out to have no effect in it: what comes
  /// back from a delay queue must not look like a duplicate (Rule 14).
  static func release(
    _ messages: [some Keyed], for consumer: String, on connection: Connection
  ) throws(PostgresError) {
    _ = try connection.send(
      """
      DELETE FROM inbox i USING unnest($2::timestamptz[], $3::text[]) AS m(event_time, message_id)
      WHERE i.consumer = $1 AND i.event_time = m.event_time AND i.message_id = m.message_id
      """, [consumer, messages.map(\.time), messages.map(\.id)])
  }
}
