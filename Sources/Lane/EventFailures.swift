import Events
import Foundation
import Postgres
import RabbitMQ
import Time
import Topology

/// The dead letters among the deliveries of a batch, as `event_failures` has them: what `webhook_events.status` and the
/// statistics of orders go by, since the dead-letter queue itself can't be asked for one letter.
struct EventFailures {
  private let queue: Queue
  private var ids: [String] = []
  private var connections: [UUID?] = []
  private var classes: [String] = []
  private var errors: [String] = []
  private var attempts: [Int] = []

  var isEmpty: Bool { ids.isEmpty }

  init(
    _ deliveries: [Delivery], as dispositions: [Disposition], from queue: Queue,
    configuration: LaneConfiguration
  ) {
    self.queue = queue
    let now = Timestamp.now()
    for (delivery, disposition) in zip(deliveries, dispositions) {
      if case .ack = disposition { continue }
      let departure = Departure.of(
        delivery, as: disposition, from: queue, at: now, configuration: configuration)
      guard let id = delivery.messageID, let death = departure?.death, !ids.contains(id) else { continue }
      ids.append(id)
      connections.append(EventID.connection(of: id).flatMap { UUID(uuidString: $0) })
      classes.append(death.failure.errorClass.rawValue)
      errors.append(LetterHeader.shortened(death.failure.message).replacing("\0", with: "\u{FFFD}"))
      attempts.append(death.attempts)
    }
  }

  /// Writes them, in key order.
  func note(on connection: Postgres.Connection) throws(PostgresError) {
    try connection.query(
      """
      INSERT INTO event_failures (message_id, queue, connection_id, error_class, error, attempts)
      SELECT n.id, $1, n.connection, n.class, n.error, n.attempts
        FROM unnest($2::text[], $3::uuid[], $4::text[], $5::text[], $6::bigint[])
               AS n(id, connection, class, error, attempts)
       ORDER BY n.id
      ON CONFLICT (message_id, queue) DO UPDATE
      SET error_class = excluded.error_class, error = excluded.error, attempts = excluded.attempts,
          failed_at = excluded.failed_at
      """, [queue.rawValue, ids, connections, classes, errors, attempts])
  }
}
