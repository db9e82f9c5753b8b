package import Marketplaces
package import Postgres
import Time

package import struct Foundation.UUID

/// What webhooks have named without saying how it stands: rows of `named_reads`, until they were read.
///
/// One job at a time reads what is named of a connection's feed, all of it, and others that come meanwhile have nothing to
/// do: so a storm of webhooks costs as many readings as there are things that changed, however many webhooks there are.
package enum NamedReads {
  /// A thing that a webhook of that connection has named.
  package struct Name: Sendable, Hashable {
    package var connectionId: UUID
    package var subject: WebhookSubject

    package init(connectionId: UUID, subject: WebhookSubject) {
      self.connectionId = connectionId
      self.subject = subject
    }
  }

  /// Notes what is named, within the caller's transaction; answers the jobs that read it. A feed whose job is on its way
  /// gets no other; when that is a minute ago it is taken for lost.
  package static func ask(_ names: some Sequence<Name>, on connection: Connection) throws -> [PollJob] {
    let rows = Set(names.map(Row.init)).sorted()
    guard !rows.isEmpty else { return [] }
    let asked = try connection.query(
      """
      INSERT INTO named_reads AS r (connection_id, feed, external_id, named_at)
      SELECT n.connection_id, n.feed, n.id, clock_timestamp()
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(connection_id, feed, id)
       ORDER BY n.connection_id, n.feed, n.id
      ON CONFLICT (connection_id, feed, external_id) DO UPDATE SET named_at = excluded.named_at
       WHERE r.external_id <> '' OR r.named_at < excluded.named_at - interval '1 min'
      RETURNING connection_id, feed, external_id
      """, [rows.map(\.connectionId), rows.map(\.feed.rawValue), rows.map(\.externalId)])
    let expiresAt = Timestamp.now() + .seconds(3_600)
    let jobs = Set(
      asked.map { row in
        Job(connectionId: row.uuid(0), feed: row.text(1), readsNamed: !row.text(2).isEmpty)
      })
    return jobs.compactMap { $0.pollJob(expiresAt: expiresAt) }
  }

  /// Makes a job the one that reads; false when another is.
  static func hold(_ job: PollJob, on connection: Connection) throws -> Bool {
    try connection.query(
      """
      INSERT INTO named_readers AS h (connection_id, feed, job, until)
      VALUES ($1, $2, $3, clock_timestamp() + interval '\(readingSeconds) s')
      ON CONFLICT (connection_id, feed) DO UPDATE SET job = excluded.job, until = excluded.until
       WHERE h.job = excluded.job OR h.until < clock_timestamp()
      RETURNING 1
      """, [job.connectionId, job.feed.rawValue, job.messageId]
    ).first != nil
  }

  /// The longest that one reading of a batch takes, call by call; then another job may take over.
  private static let readingSeconds = 90

  /// What is to be read next, the longest named first; nil when another job has taken over.
  static func next(_ job: PollJob, on connection: Connection) throws -> [Named]? {
    guard try hold(job, for: .seconds(readingSeconds), on: connection) else { return nil }
    let rows = try connection.query(
      """
      SELECT external_id, named_at FROM named_reads
       WHERE connection_id = $1 AND feed = $2 AND external_id <> '' ORDER BY named_at LIMIT \(batch)
      """, [job.connectionId, job.feed.rawValue])
    return rows.map { Named(externalId: $0.text(0), at: $0.timestamp(1)) }
  }

  /// As many as a marketplace answers at once.
  private static let batch = 100

  /// A thing to be read, and when it was named last.
  struct Named: Sendable, Equatable {
    var externalId: String
    var at: Timestamp
  }

  /// Takes away what was read; what was named again meanwhile stays.
  static func settle(_ named: [Named], of job: PollJob, on connection: Connection) throws {
    try connection.query(
      """
      DELETE FROM named_reads r USING (
        SELECT o.external_id FROM named_reads o
          JOIN unnest($3::text[], $4::timestamptz[]) AS n(id, at) ON n.id = o.external_id AND n.at = o.named_at
         WHERE o.connection_id = $1 AND o.feed = $2 ORDER BY o.external_id FOR UPDATE OF o
      ) d WHERE r.connection_id = $1 AND r.feed = $2 AND r.external_id = d.external_id
      """, [job.connectionId, job.feed.rawValue, named.map(\.externalId), named.map(\.at)])
  }

  /// The feed itself is being polled: what is named from now on needs another job.
  static func settleFeed(of job: PollJob, on connection: Connection) throws {
    try connection.query(
      "DELETE FROM named_reads WHERE connection_id = $1 AND feed = $2 AND external_id = ''",
      [job.connectionId, job.feed.rawValue])
  }

  /// Ends the job's turn when nothing is left to read; false when something was named in the last moment. Whoever names a
  /// thing commits it before its job looks for the holder, so it is seen here or finds nobody holding.
  static func release(_ job: PollJob, on connection: Connection) throws -> Bool {
    let held = try connection.query(
      "SELECT 1 FROM named_readers WHERE connection_id = $1 AND feed = $2 AND job = $3 FOR UPDATE",
      [job.connectionId, job.feed.rawValue, job.messageId])
    guard held.first != nil else { return true }
    let left = try connection.query(
      "SELECT 1 FROM named_reads WHERE connection_id = $1 AND feed = $2 AND external_id <> '' LIMIT 1",
      [job.connectionId, job.feed.rawValue])
    guard left.first == nil else { return false }
    return try hold(job, for: .zero, on: connection)
  }

  /// Holds on for so long; false when another job has taken over.
  static func hold(_ job: PollJob, for duration: Duration, on connection: Connection) throws -> Bool {
    try connection.query(
      """
      UPDATE named_readers SET until = clock_timestamp() + make_interval(secs => $4)
       WHERE connection_id = $1 AND feed = $2 AND job = $3
      """, [job.connectionId, job.feed.rawValue, job.messageId, duration.inSecondsExactly]
    ).affected == 1
  }

  // MARK: Rows and jobs

  private struct Row: Hashable, Comparable {
    var connectionId: UUID
    var feed: Feed
    var externalId: String

    init(_ name: Name) {
      connectionId = name.connectionId
      switch name.subject {
      case .order(let id): (feed, externalId) = (.orders, id)
      case .listing(let id): (feed, externalId) = (.listings, id)
      case .feed(let feed): (self.feed, externalId) = (feed, "")
      }
    }

    static func < (left: Row, right: Row) -> Bool {
      (left.connectionId.uuidString, left.feed.rawValue, left.externalId)
        < (right.connectionId.uuidString, right.feed.rawValue, right.externalId)
    }
  }

  private struct Job: Hashable {
    var connectionId: UUID
    var feed: String
    var readsNamed: Bool

    func pollJob(expiresAt: Timestamp) -> PollJob? {
      guard let feed = Feed(rawValue: feed) else { return nil }
      return PollJob(
        jobId: "webhook-\(feed.rawValue)@\(UUID().uuidString.lowercased())", connectionId: connectionId,
        feed: feed, expiresAt: expiresAt, reason: .webhook, readsNamed: readsNamed)
    }
  }
}
