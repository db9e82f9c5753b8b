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
    // A million ids are sorted and hashed in memory; the usual 4 MB have them spill to disk.
    try connection.query("SET LOCAL work_mem = '128MB'")
    return try body(AuditLedger(connection: connection, topology: topology, since: since))
  }

  // MARK: Staging

  /// `delayed`: what was seen in delay queues, by the queue that it waits for.
  func stage(dead: [(queue: Queue, id: String)], delayed: [Queue: Set<String>]) throws {
    try connection.query(
      """
      CREATE TEMPORARY TABLE audit_packets (id text, event_time timestamptz, created_at timestamptz, packet bigint,
                                            sent_at timestamptz, queues int) ON COMMIT DROP
      """)
    try connection.query(
      "CREATE TEMPORARY TABLE audit_dead (queue text, id text, PRIMARY KEY (queue, id)) ON COMMIT DROP")
    try connection.query(
      "CREATE TEMPORARY TABLE audit_delayed (queue text, id text, PRIMARY KEY (queue, id)) ON COMMIT DROP")
    try connection.query(
      """
      CREATE TEMPORARY TABLE audit_rest (queue text, id text, packet bigint, created_at timestamptz,
                                         sent_at timestamptz) ON COMMIT DROP
      """)
    try connection.query(
      """
      INSERT INTO audit_dead SELECT * FROM unnest($1::text[], $2::text[]) AS d(queue, id) ON CONFLICT DO NOTHING
      """, [dead.map(\.queue.rawValue), dead.map(\.id)])
    for (queue, ids) in delayed {
      try connection.query(
        "INSERT INTO audit_delayed SELECT $1, unnest($2::text[])", [queue.rawValue, Array(ids)])
    }
    try stagePackets()
    try connection.query(
      """
      CREATE TEMPORARY TABLE audit_published ON COMMIT DROP AS
      SELECT id, event_time, min(created_at) AS created_at, min(packet) AS packet, max(sent_at) AS sent_at,
             bit_or(queues) AS queues
        FROM audit_packets GROUP BY id, event_time
      """)
    try connection.query("ANALYZE audit_published")
    try connection.query("ANALYZE audit_dead")
    try connection.query("ANALYZE audit_delayed")
  }

  /// Reads the outbox in pages, of many small packets or a few large ones, so that memory stays bounded.
  private func stagePackets() throws {
    var (after, id) = (since, -1)
    while true {
      let rows = try connection.query(
        """
        SELECT created_at, id, published_at, messages
          FROM (SELECT *, sum(octet_length(messages)) OVER (ORDER BY created_at, id) - octet_length(messages) AS before
                  FROM (SELECT created_at, id, published_at, messages FROM outbox
                         WHERE created_at >= $1 AND (created_at, id) > ($1, $2) ORDER BY created_at, id
                         LIMIT \(Self.pagePackets)) AS page) AS summed
         WHERE before < \(Self.pageBytes) ORDER BY created_at, id
        """, [after, id])
      if rows.count == 0 { return }
      var page = Page()
      for row in rows {
        (after, id) = (row.timestamp(0), row.int(1))
        for stub in try Packet.stubs(in: row.bytes(3)) {
          guard case .event(let key) = stub.route else { continue }
          page.ids.append(stub.messageId)
          page.times.append(stub.time)
          page.queues.append(bits(of: topology.queues(forEvent: key)))
          page.packets.append(id)
          page.createdAt.append(after)
          page.sentAt.append(row.optionalTimestamp(2))
        }
      }
      try stage(page)
    }
  }

  private static let pagePackets = 1_000
  private static let pageBytes = 16 << 20

  /// Events in the outbox, column by column.
  private struct Page {
    var ids: [String] = []
    var times: [Timestamp] = []
    var queues: [Int32] = []
    var packets: [Int] = []
    var createdAt: [Timestamp] = []
    var sentAt: [Timestamp?] = []
  }

  private func stage(_ page: Page) throws(PostgresError) {
    guard !page.ids.isEmpty else { return }
    _ = try connection.send(
      """
      INSERT INTO audit_packets (id, event_time, created_at, packet, sent_at, queues)
      SELECT * FROM unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bigint[], $5::timestamptz[],
        $6::int[])
      """, [page.ids, page.times, page.createdAt, page.packets, page.sentAt, page.queues])
  }

  private func bits(of queues: [Queue]) -> Int32 { queues.reduce(0) { $0 | bit(of: $1) } }

  private func bit(of queue: Queue) -> Int32 {
    Queue.allCases.firstIndex(of: queue).map { 1 << Int32($0) } ?? 0
  }

  // MARK: Accounts

  /// The account of one queue, with nothing missing yet; what came to nothing and isn't delayed is kept for `rest`.
  func account(of queue: Queue) throws -> AuditAccount {
    // Only the partitions of the inbox that can have them are read.
    let times = try connection.query("SELECT min(event_time), max(event_time) FROM audit_published").first
    let rows = try connection.query(
      """
      WITH stood AS (
        SELECT p.*, i.event_time >= $3 AND i.processed_at >= $3 AS is_recent,
               CASE WHEN i.message_id IS NOT NULL THEN 'effected' WHEN a.message_id IS NOT NULL THEN 'discarded'
                         WHEN d.id IS NOT NULL THEN 'dead' ELSE 'rest' END AS state
          FROM audit_published p
          LEFT JOIN inbox i ON i.consumer = $1 AND i.event_time = p.event_time AND i.message_id = p.id
           AND i.event_time BETWEEN $4 AND $5
          LEFT JOIN (SELECT DISTINCT message_id FROM dead_letter_actions
                      WHERE queue = $1 AND action = 'discard' AND state = 'done') a ON a.message_id = p.id
          LEFT JOIN audit_dead d ON d.queue = $1 AND d.id = p.id
         WHERE p.queues & $2 <> 0),
      kept AS (
        INSERT INTO audit_rest SELECT $1, id, packet, created_at, sent_at FROM stood s
         WHERE state = 'rest' AND NOT EXISTS (SELECT FROM audit_delayed d WHERE d.queue = $1 AND d.id = s.id))
      SELECT date_trunc('hour', created_at), count(*), count(*) FILTER (WHERE state = 'effected'),
             count(*) FILTER (WHERE state = 'discarded'), count(*) FILTER (WHERE state = 'dead'),
             count(*) FILTER (WHERE state = 'rest'), count(*) FILTER (WHERE is_recent)
        FROM stood GROUP BY 1 ORDER BY 1
      """, [queue.rawValue, bit(of: queue), since, times?.optionalTimestamp(0), times?.optionalTimestamp(1)])
    var account = AuditAccount(
      queue: queue,
      hours: rows.map { row in
        AuditAccount.Line(
          hour: row.timestamp(0), published: row.int(1), effected: row.int(2), discarded: row.int(3),
          dead: row.int(4), rest: row.int(5))
      })
    account.doubled = try doubled(queue)
    account.foreign = try foreign(queue, besides: rows.reduce(0) { $0 + $1.int(6) })
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

  /// `own`: how many of the effects since then are of events that the outbox has published.
  private func foreign(_ queue: Queue, besides own: Int) throws(PostgresError) -> Int {
    let all =
      try connection.query(
        """
        SELECT (SELECT count(*) FROM inbox i
                 WHERE i.consumer = $1 AND i.event_time >= $2 AND i.processed_at >= $2)
             + (SELECT count(*) FROM audit_dead d
                 WHERE d.queue = $1 AND NOT EXISTS (SELECT FROM audit_published p WHERE p.id = d.id))
        """, [queue.rawValue, since]
      ).first?.int(0) ?? 0
    return all - own
  }
}
