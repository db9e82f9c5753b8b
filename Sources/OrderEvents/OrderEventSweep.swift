import Events
import JSON
package import Postgres
import Time

/// Finds the orders whose event never came to messaging though the order is there, and publishes it.
package enum OrderEventSweep {
  /// Orders per sweep.
  static let pageSize = 500

  /// Publishes what is pending in the caller's transaction; answers how many events that were. An order is swept once
  /// for each of its versions.
  ///
  /// - Parameters:
  ///   - user: only of this user's connections.
  ///   - patience: younger orders may yet be on their way.
  ///   - maxAge: older ones are nothing to write to anybody about.
  package static func run(
    ofUser user: String?, patience: Duration, maxAge: Duration, on connection: Connection
  ) throws -> Int {
    let now = Timestamp.now()
    let rows = try connection.query(
      """
      SELECT o.id FROM orders o
        JOIN platform_connections c ON c.id = o.connection_id AND c.status = 'enabled'
       WHERE o.created_at > $1 AND o.created_at <= $2 AND NOT o.closed
         AND ($3::text IS NULL OR c.user_id = $3)
         AND NOT EXISTS (SELECT FROM order_conversations v
                          WHERE v.connection_id = o.connection_id AND v.external_order_id = o.external_id)
         AND NOT EXISTS (SELECT FROM webhook_events e
                          WHERE e.connection_id = o.connection_id AND e.event_id = \(eventId))
       ORDER BY o.created_at LIMIT $4
      """, [now - maxAge, now - patience, user, pageSize])
    let orders = try StoredOrder.read(rows.map { $0.int(0) }, on: connection)
    return try orders.count { found in
      let id = "sweep/\(found.order.externalId)@\(found.order.updatedAt?.microseconds ?? 0)"
      let event = found.event(.orderCreated, id: id, data: .null, at: now)
      return try OwnEvents.publish(
        event, id: id, of: found.account, source: "sweep", payload: [:], on: connection) != nil
    }
  }

  /// The id of an order's sweep in SQL, as `run` makes it.
  private static let eventId =
    "'sweep/' || o.external_id || '@' || (extract(epoch FROM o.source_updated_at) * 1000000)::bigint"
}
