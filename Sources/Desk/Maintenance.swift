import Postgres
package import Time
import Topology

/// What a run of the maintenance has done.
package struct Maintained: Sendable, Equatable {
  /// Names of partitions.
  package var dropped: [String] = []
  /// What was left for the next run, and why.
  package var left: [String] = []
  /// Ids of living dead letters that were carried over from a dropped partition of the inbox.
  package var carried = 0
}

extension DeadLetterDesk {
  /// Makes the partitions to come, and drops those whose time is over: dropped, never deleted row by row. Ids in
  /// living dead letters stay known, or a copy that is requeued would have its effect twice. Run as often as you like
  /// and from anywhere: nil when somebody else is at it.
  package func maintain(
    _ retention: Retention, at now: Timestamp = .now(), dryRun: Bool = false
  ) throws -> Maintained? {
    let connection = try openDatabase(settings: ["lock_timeout": "2s"])
    let key = "hashtextextended('crossdock maintenance of ' || current_schema(), 0)"
    guard try connection.query("SELECT pg_try_advisory_lock(\(key))").first?.bool(0) == true else {
      return nil
    }
    if !dryRun { try connection.query("SELECT ensure_partitions()") }
    var result = Maintained()
    for (table, days) in retention.tables {
      let cutoff = Retention.cutoff(days: days, at: now)
      let over = try Self.partitions(of: table, on: connection).filter { $0.isOver(before: cutoff) }
      guard !over.isEmpty else { continue }
      if dryRun {
        result.dropped += over.map(\.name)
        continue
      }
      let living = table == "inbox" ? try living() : []
      for partition in over {
        do {
          result.carried += try Self.drop(partition, of: table, living: living, on: connection)
          result.dropped.append(partition.name)
        } catch {
          result.left.append("\(partition.name): \(error)")
        }
      }
    }
    guard !dryRun else { return result }
    let cutoff = Retention.cutoff(days: retention.serviceDays, at: now)
    try connection.query("DELETE FROM service_times WHERE minute < $1", [cutoff])
    try connection.query(
      "DELETE FROM activity_log WHERE created_at < $1",
      [Retention.cutoff(days: retention.activityDays, at: now)])
    return result
  }

  private static func partitions(of table: String, on connection: Connection) throws(PostgresError)
    -> [Partition]
  {
    try connection.query(
      """
      SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
       WHERE i.inhparent = to_regclass($1) ORDER BY c.relname
      """, [table]
    ).compactMap { Partition($0.text(0), of: table) }
  }

  /// Queue and id of every letter in the dead queues, those that a killed desk had in hand included.
  private func living() throws -> [(queue: String, id: String)] {
    var living: [(queue: String, id: String)] = []
    try forEachPage(of: Selection(), withNoted: true) { page, _ in
      living += page.map { ($0.queue.rawValue, $0.id) }
      return true
    }
    return living
  }

  /// Answers how many rows were carried over into the table's default partition.
  private static func drop(
    _ partition: Partition, of table: String, living: [(queue: String, id: String)], on connection: Connection
  ) throws -> Int {
    try connection.transaction { connection in
      if table == "outbox" {
        let pending = try connection.query(
          "SELECT FROM \(partition.name) WHERE published_at IS NULL LIMIT 1")
        if pending.count > 0 {
          throw DeskError("it holds messages that are not published yet: is a relay up?")
        }
      }
      try connection.query("ALTER TABLE \(table) DETACH PARTITION \(partition.name)")
      var carried = 0
      if !living.isEmpty {
        carried =
          try connection.query(
            """
            INSERT INTO inbox SELECT p.* FROM \(partition.name) p
              JOIN (SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS l(consumer, message_id)) l
                USING (consumer, message_id)
            """, [living.map(\.queue), living.map(\.id)]
          ).affected
      }
      try connection.query("DROP TABLE \(partition.name)")
      return carried
    }
  }
}
