import Outbox
import Postgres
import Time
import Topology

/// The database's side of an audit: published, effected and discarded ids as of one snapshot, set-based. What was
/// published is read once and staged; each queue is then one join over the inbox's key.
struct AuditLedger {
  let connection: Connection
  let topology: Topology
  let since: Timestamp

  /// Runs `body` within one snapshot: read one after the other, the newer of two tables would hold effects of what
  /// the older one has not published yet.
  static func with<T>(
    _ connection: Connection, topology: Topology, since: Timestamp, _ body: (AuditLedger) throws -> T
  ) throws -> T {
    try connection.query("BEGIN ISOLATION LEVEL REPEATABLE READ")
    defer { try? connection.rollback() }
    return try body(AuditLedger(connection: connection, topology: topology, since: since))
  }

  // MARK: Staging

  func stage(dead: [(queue: Queue, id: String)]) throws {
    try connection.query(
      """
      CREATE TEMPORARY TABLE audit_published (id text, event_time timestamptz, created_at timestamptz, packet bigint,
                                              sent_at timestamptz, queues int) ON COMMIT DROP
      """)
    try connection.query(
      "CREATE TEMPORARY TABLE audit_dead (queue text, id text, PRIMARY KEY (queue, id)) ON COMMIT DROP")
    try connection.query(
      """
      CREATE TEMPORARY TABLE audit_rest (queue text, id text, packet bigint, created_at timestamptz,
                                         sent_at timestamptz) ON COMMIT DROP
      """)
    try connection.query(
      """
      INSERT INTO audit_dead SELECT * FROM unnest($1::text[], $2::text[]) AS d(queue, id) ON CONFLICT DO NOTHING
      """, [dead.map(\.queue.rawValue), dead.map(\.id)])
    try stagePublished()
    try connection.query("ANALYZE audit_published")
    try connection.query("ANALYZE audit_dead")
  }

  /// Reads the outbox in pages of packets, so that memory stays bounded.
  private func stagePublished() throws {
    var (after, id) = (since, -1)
    while true {
      let rows = try connection.query(
        """
        SELECT created_at, id, published_at, messages FROM outbox
         WHERE created_at >= $1 AND (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT 16
        """, [after, id])
      for row in rows {
        (after, id) = (row.timestamp(0), row.int(1))
        try stage(
          Packet.stubs(in: row.bytes(3)), packet: id, createdAt: after, sentAt: row.optionalTimestamp(2))
      }
      if rows.count < 16 { return }
    }
  }

  private func stage(
    _ stubs: [Packet.Stub], packet: Int, createdAt: Timestamp, sentAt: Timestamp?
  ) throws {
    var (ids, times, queues) = ([String](), [Timestamp](), [Int32]())
    for stub in stubs {
      guard case .event(let key) = stub.route else { continue }
      ids.append(stub.messageId)
      times.append(stub.time)
      queues.append(bits(of: topology.queues(forEvent: key)))
    }
    guard !ids.isEmpty else { return }
    _ = try connection.send(
      """
      INSERT INTO audit_published
      SELECT id, event_time, $3, $4, $5, queues FROM unnest($1::text[], $2::timestamptz[], $6::int[])
                                                  AS m(id, event_time, queues)
      """, [ids, times, createdAt, packet, sentAt, queues])
  }

  private func bits(of queues: [Queue]) -> Int32 { queues.reduce(0) { $0 | bit(of: $1) } }

  private func bit(of queue: Queue) -> Int32 {
    Queue.allCases.firstIndex(of: queue).map { 1 << Int32($0) } ?? 0
  }

  // MARK: Accounts

  /// The account of one queue, with nothing missing yet; what came to nothing is kept for `rest`.
  func account(of queue: Queue) throws -> AuditAccount {
    let rows = try connection.query(
      """
      WITH published AS (
        SELECT id, event_time, min(created_at) AS created_at, min(packet) AS packet, max(sent_at) AS sent_at
          FROM audit_published WHERE queues & $2 <> 0 GROUP BY id, event_time),
      stood AS (
        SELECT p.*, CASE WHEN i.message_id IS NOT NULL THEN 'effected' WHEN a.message_id IS NOT NULL THEN 'discarded'
                         WHEN d.id IS NOT NULL THEN 'dead' ELSE 'rest' END AS state
          FROM published p
          LEFT JOIN inbox i ON i.consumer = $1 AND i.event_time = p.event_time AND i.message_id = p.id
          LEFT JOIN (SELECT DISTINCT message_id FROM dead_letter_actions
                      WHERE queue = $1 AND action = 'discard' AND state = 'done') a ON a.message_id = p.id
          LEFT JOIN audit_dead d ON d.queue = $1 AND d.id = p.id),
      kept AS (
        INSERT INTO audit_rest SELECT $1, id, packet, created_at, sent_at FROM stood WHERE state = 'rest')
      SELECT date_trunc('hour', created_at), count(*), count(*) FILTER (WHERE state = 'effected'),
             count(*) FILTER (WHERE state = 'discarded'), count(*) FILTER (WHERE state = 'dead'),
             count(*) FILTER (WHERE state = 'rest')
        FROM stood GROUP BY 1 ORDER BY 1
      """, [queue.rawValue, bit(of: queue)])
    var account = AuditAccount(
      queue: queue,
      hours: rows.map { row in
        AuditAccount.Line(
          hour: row.timestamp(0), published: row.int(1), effected: row.int(2), discarded: row.int(3),
          dead: row.int(4), rest: row.int(5))
      })
    account.doubled = try doubled(queue)
    account.foreign = try foreign(queue)
    return account
  }

  /// How many of the rest the broker had confirmed before that moment.
  func restCount(of queue: Queue, sentBefore moment: Timestamp) throws(PostgresError) -> Int {
    try connection.query(
      "SELECT count(*) FROM audit_rest WHERE queue = $1 AND sent_at < $2", [queue.rawValue, moment]
    ).first?.int(0) ?? 0
  }

  /// The first of them to be sent: a queue is worked off from its front.
  func rest(
    of queue: Queue, sentBefore moment: Timestamp, first count: Int
  ) throws(PostgresError) -> [AuditAccount.Published] {
    try connection.query(
      """
      SELECT id, packet, created_at FROM audit_rest WHERE queue = $1 AND sent_at < $2
       ORDER BY sent_at, packet, id LIMIT $3
      """, [queue.rawValue, moment, count]
    ).map { AuditAccount.Published(id: $0.text(0), packet: $0.int(1), createdAt: $0.timestamp(2)) }
  }

  private func doubled(_ queue: Queue) throws(PostgresError) -> [String] {
    try connection.query(
      """
      SELECT message_id FROM inbox WHERE consumer = $1 AND event_time >= $2
       GROUP BY message_id HAVING count(*) > 1 ORDER BY message_id LIMIT \(AuditAccount.mostNamed)
      """, [queue.rawValue, since]
    ).map { $0.text(0) }
  }

  private func foreign(_ queue: Queue) throws(PostgresError) -> Int {
    try connection.query(
      """
      SELECT (SELECT count(*) FROM inbox i
               WHERE i.consumer = $1 AND i.event_time >= $2 AND i.processed_at >= $2
                 AND NOT EXISTS (SELECT FROM audit_published p
                                  WHERE p.id = i.message_id AND p.event_time = i.event_time))
           + (SELECT count(*) FROM audit_dead d
               WHERE d.queue = $1 AND NOT EXISTS (SELECT FROM audit_published p WHERE p.id = d.id))
      """, [queue.rawValue, since]
    ).first?.int(0) ?? 0
  }
}
