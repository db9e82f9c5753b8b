package import Postgres

/// Rows of `alerts`: every occurrence once, whoever sees it and however often.
package enum AlertBook {
  /// An alert that is to be sent.
  package struct Entry: Sendable, Equatable {
    package var id: Int
    package var kind: String
    package var text: String
  }

  /// How long something must not have been seen to count as over, so that what comes and goes is one occurrence.
  package static let calm = Duration.seconds(120)

  /// Notes within the caller's transaction what is seen now, and what is over; answers the alerts that are new.
  @discardableResult
  package static func note(
    _ alerts: [Alert], clearing: Bool, calm: Duration = calm, on connection: Connection
  ) throws -> [Entry] {
    let sorted = Dictionary(alerts.map { ($0.key, $0) }) { first, _ in first }.values.sorted {
      $0.key < $1.key
    }
    // A reconciliation that has ended is an occurrence for good.
    let kinds = Alert.Kind.allCases.filter { $0 != .discrepancies }.map(\.rawValue)
    if clearing {
      try connection.query(
        """
        UPDATE alerts SET cleared_at = now()
        WHERE cleared_at IS NULL AND kind = ANY($1) AND key <> ALL($2)
          AND last_seen_at < now() - make_interval(secs => $3)
        """, [kinds, sorted.map(\.key), calm / .seconds(1)])
    }
    return try connection.query(
      """
      INSERT INTO alerts (key, kind, text)
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
      ON CONFLICT (key) WHERE cleared_at IS NULL DO UPDATE SET last_seen_at = now(), text = excluded.text
      RETURNING id, kind, text, xmax = 0
      """, [sorted.map(\.key), sorted.map(\.kind.rawValue), sorted.map(\.text)]
    ).filter { $0.bool(3) }.map { Entry(id: $0.int(0), kind: $0.text(1), text: $0.text(2)) }
  }

  /// Takes the next alert that is not sent yet, for half a minute; nil when there is none.
  static func take(on connection: Connection) throws -> Entry? {
    try connection.query(
      """
      UPDATE alerts SET lease_until = clock_timestamp() + interval '30 seconds'
      WHERE id = (SELECT id FROM alerts
                  WHERE sent_at IS NULL AND coalesce(lease_until, '-infinity') < clock_timestamp()
                  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id, kind, text
      """
    ).first.map { Entry(id: $0.int(0), kind: $0.text(1), text: $0.text(2)) }
  }

  static func sent(_ entry: Entry, on connection: Connection) throws {
    try connection.query("UPDATE alerts SET sent_at = clock_timestamp() WHERE id = $1", [entry.id])
  }
}
