import Postgres
package import RabbitMQ

/// Redelivered messages that are being handled, noted before the attempt, so that a crash names its cause
/// (Rule 17). A row that is still there when its message comes again is an attempt that never ended.
package enum InHand {
  /// Attempts that ended the worker while the message stood alone, before it is blamed: a kill -9 from outside
  /// must not convict an innocent.
  package static let crashesToBlame = 3

  /// Over the raw body, because decoding may be what crashes.
  package static func hash(of delivery: Delivery) -> Int {
    delivery.withBody { body in
      var hash: UInt64 = 0xcbf2_9ce4_8422_2325
      for byte in body { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      return Int(truncatingIfNeeded: hash)
    }
  }

  /// Notes an attempt and commits; answers how often each body has ended its worker while it stood alone.
  static func note(
    _ hashes: [Int], for consumer: String, on connection: Postgres.Connection
  ) throws(PostgresError) -> [Int: Int] {
    let unique = Array(Set(hashes)).sorted()
    let rows = try connection.query(
      """
      INSERT INTO in_hand AS h (consumer, body_hash, alone)
      SELECT $1, body_hash, $3 FROM unnest($2::bigint[]) AS m(body_hash)
      ON CONFLICT (consumer, body_hash) DO UPDATE
        SET crashes = h.crashes + h.alone::int, alone = excluded.alone, noted_at = clock_timestamp()
      RETURNING body_hash, crashes
      """, [consumer, unique, unique.count == 1])
    return Dictionary(rows.map { ($0.int(0), $0.int(1)) }) { $1 }
  }

  /// Queues the removal of the notes, in the transaction of the effect or by itself.
  static func release(
    _ hashes: [Int], for consumer: String, on connection: Postgres.Connection
  ) throws(PostgresError) -> Reply {
    try connection.send(
      "DELETE FROM in_hand WHERE consumer = $1 AND body_hash = ANY($2)", [consumer, hashes])
  }
}
