import Postgres
import Time

/// The statements over `outbox`.
struct OutboxStore {
  /// Marks what is published, puts off what was refused, and leases the next packets: one round trip, one commit.
  func turn(
    published: [PacketKey], postponed: [(PacketKey, String)], take: Int, on connection: Connection
  ) throws -> [LeasedPacket] {
    if published.isEmpty && postponed.isEmpty && take == 0 { return [] }
    if !published.isEmpty {
      _ = try connection.send(
        """
        UPDATE outbox o SET published_at = clock_timestamp(), lease_until = NULL
          FROM unnest($1::timestamptz[], $2::bigint[]) AS p(created_at, id)
         WHERE o.created_at = p.created_at AND o.id = p.id
        """, [published.map(\.createdAt), published.map(\.id)])
    }
    for (key, reason) in postponed { try sendPostponement([key], because: reason, on: connection) }
    let leased = take > 0 ? try connection.send(Self.lease, [take]) : nil
    try connection.synchronize()
    guard let leased else { return [] }
    return try connection.receive(leased).map { row in
      LeasedPacket(key: PacketKey(createdAt: row.timestamp(0), id: row.int(1)), bytes: row.bytes(2))
    }.sorted { $0.id < $1.id }
  }

  /// Gives leases back, so that whoever comes next may publish.
  func release(_ keys: [PacketKey], on connection: Connection) throws {
    try connection.query(
      """
      UPDATE outbox o SET lease_until = NULL FROM unnest($1::timestamptz[], $2::bigint[]) AS p(created_at, id)
       WHERE o.created_at = p.created_at AND o.id = p.id
      """, [keys.map(\.createdAt), keys.map(\.id)])
  }

  /// Puts packets off that can't be published now, longer with each attempt, so that they hold up nobody else.
  func postpone(_ keys: [PacketKey], because reason: String, on connection: Connection) throws {
    try sendPostponement(keys, because: reason, on: connection)
    try connection.synchronize()
  }

  private func sendPostponement(
    _ keys: [PacketKey], because reason: String, on connection: Connection
  ) throws {
    _ = try connection.send(
      """
      UPDATE outbox o
         SET last_error = $3, lease_until = clock_timestamp() + make_interval(secs => least(300, 2 ^ o.attempts))
        FROM unnest($1::timestamptz[], $2::bigint[]) AS p(created_at, id)
       WHERE o.created_at = p.created_at AND o.id = p.id
      """, [keys.map(\.createdAt), keys.map(\.id), reason])
  }

  private static let lease = """
    UPDATE outbox o SET lease_until = clock_timestamp() + interval '60 s', attempts = o.attempts + 1
      FROM (SELECT created_at, id FROM outbox
             WHERE published_at IS NULL AND (lease_until IS NULL OR lease_until < clock_timestamp())
             ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) AS p
     WHERE o.created_at = p.created_at AND o.id = p.id
    RETURNING o.created_at, o.id, o.messages
    """
}
