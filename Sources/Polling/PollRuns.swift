import Marketplaces
package import Postgres

/// What one run of a poll job has done so far.
package struct PollCounts: Sendable, Equatable {
  package var pages = 0
  package var calls = 0
  package var events = 0
  package var newEvents = 0
  package var skipped = 0

  package init() {}
}

/// The record of runs in Postgres.
package struct PollRuns: Sendable {
  package init() {}

  /// Begins a run and answers its id: that of the row somebody waits for, or of a new one.
  func begin(_ job: PollJob, on connection: Connection) throws -> Int64 {
    if let runId = job.runId {
      let rows = try connection.query(
        "UPDATE poll_runs SET started_at = clock_timestamp(), finished_at = NULL, error = NULL WHERE id = $1",
        [runId])
      if rows.affected == 1 { return runId }
    }
    return try insert(job, on: connection)
  }

  /// Makes the row of a run that has not begun, for somebody to wait for.
  package func announce(_ job: PollJob, on connection: Connection) throws -> Int64 {
    try insert(job, on: connection)
  }

  private func insert(_ job: PollJob, on connection: Connection) throws -> Int64 {
    let rows = try connection.query(
      """
      INSERT INTO poll_runs (connection_id, feed, job_id, reason, dry_run, started_at)
      VALUES ($1, $2, $3, $4, $5, clock_timestamp()) RETURNING id
      """, [job.connectionId, job.feed.rawValue, job.jobId, job.reason.rawValue, job.dryRun])
    return rows.first.map { Int64($0.int(0)) } ?? 0
  }

  /// Ends the run that somebody waits for, of a job that was not done.
  func refuse(_ job: PollJob, _ reason: String, on connection: Connection) throws {
    guard let runId = job.runId else { return }
    try connection.query(
      "UPDATE poll_runs SET finished_at = clock_timestamp(), error = $2 WHERE id = $1", [runId, reason])
  }

  /// Ends a run, and adds what a poll of orders came to to the statistics of its connection.
  func finish(
    _ runId: Int64, of job: PollJob, _ counts: PollCounts, error: String?, errorClass: ErrorClass? = nil,
    on connection: Connection
  ) throws {
    try connection.query(
      """
      UPDATE poll_runs
      SET finished_at = clock_timestamp(), pages = $2, calls = $3, events = $4, new_events = $5, skipped = $6,
          error = $7
      WHERE id = $1
      """,
      [
        runId, counts.pages, counts.calls, counts.events, counts.newEvents, counts.skipped,
        error.map { String($0.prefix(1_000)) },
      ])
    guard !job.dryRun, PollStatistics.feeds.contains(job.feed) else { return }
    try PollStatistics.note(counts, errorClass: errorClass, of: job.connectionId, on: connection)
  }
}
