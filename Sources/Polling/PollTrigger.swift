import Outbox
package import Postgres
package import Time

/// Polls that somebody asks for by hand and may wait for.
package enum PollTrigger {
  /// Announces a run per job and publishes the jobs, in the caller's transaction; answers the runs' numbers.
  package static func publish(_ jobs: [PollJob], on connection: Connection) throws -> [Int64] {
    try PollRunOrders.forgetOld(on: connection)
    let runs = PollRuns()
    let announced = try jobs.map { job in
      var job = job
      job.runId = try runs.announce(job, on: connection)
      return job
    }
    try Outbox.append(announced.map { $0.message(at: .now()) }, on: connection)
    return announced.compactMap(\.runId)
  }

  /// What runs and their orders have come to so far.
  package struct Outcome: Sendable, Equatable {
    /// How many of the runs there are; of one that is not seen nobody learns anything.
    package var known = 0
    /// Runs that have not ended.
    package var running = 0
    /// Orders of which order-sync has not told yet.
    package var pending = 0
    package var isDryRun = false
    /// Items that the polls brought.
    package var events = 0
    package var statistics = PollStatistics()
    package var runErrors: [String] = []
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?

    package var isComplete: Bool { running == 0 && pending == 0 }
  }

  /// Of those runs that belong to a user; nil to anybody.
  package static func outcome(
    of runs: [Int64], ofUser user: String?, on connection: Connection
  ) throws -> Outcome {
    let rows = try connection.query(
      """
      SELECT r.finished_at IS NULL, r.dry_run, r.events, r.new_events, r.error, r.started_at, r.finished_at,
             count(o.message_id) FILTER (WHERE o.outcome IS NULL),
             count(*) FILTER (WHERE o.outcome = 'created'),
             count(*) FILTER (WHERE o.outcome IN ('updated','cancelled')),
             count(*) FILTER (WHERE o.outcome = 'skipped'),
             count(*) FILTER (WHERE o.outcome = 'unchanged'),
             count(*) FILTER (WHERE o.outcome = 'error')
        FROM poll_runs r LEFT JOIN poll_run_orders o ON o.run_id = r.id
       WHERE r.id = ANY($1)
         AND ($2::text IS NULL OR r.connection_id IN (SELECT id FROM platform_connections WHERE user_id = $2))
       GROUP BY r.id ORDER BY r.id
      """, [runs, user])
    return rows.reduce(into: Outcome()) { $0.add($1) }
  }
}

extension PollTrigger.Outcome {
  fileprivate mutating func add(_ row: Row) {
    known += 1
    running += row.bool(0) ? 1 : 0
    isDryRun = isDryRun || row.bool(1)
    events += row.int(2)
    if let error = row.optionalText(4) { runErrors.append(error) }
    let started = row.timestamp(5)
    startedAt = min(startedAt ?? started, started)
    if let finished = row.optionalTimestamp(6) { finishedAt = max(finishedAt ?? finished, finished) }
    pending += row.int(7)
    statistics.newlySynced += row.int(8)
    statistics.updated += row.int(9)
    statistics.skipped += row.int(10)
    statistics.alreadySynced += row.int(11) + max(0, row.int(2) - row.int(3))
    statistics.syncErrors += row.int(12)
    statistics.lastPollTime = finishedAt
  }
}
