import Lane
import Logging
import Marketplaces
import Postgres
import Time

extension PollWorker {
  /// Reads the orders or listings that the job names (Rule 9), without touching where the feed stands. What the marketplace
  /// doesn't know is nobody's failure.
  func reread(
    _ job: PollJob, _ account: MarketplaceConnection, _ adapter: any MarketplaceAdapter, attempts: Int
  ) async throws -> Disposition {
    guard job.expiresAt > .now() else { return .ack }
    let read: Reading
    do {
      read =
        job.listings.isEmpty
        ? try await adapter.read(job.orders, of: .orders)
        : try await adapter.read(job.listings, of: .listings)
    } catch {
      return PollRules(on: error, attempts: attempts).disposition
    }
    try await database.transaction { try read.write(PageWriter(account: account), on: $0) }
    return .ack
  }

  /// A dry run: asks the marketplace, counts, and changes nothing but the record of runs.
  func rehearse(
    _ job: PollJob, _ account: MarketplaceConnection, _ adapter: any MarketplaceAdapter
  ) async throws -> Disposition {
    let (feeds, runs) = (self.feeds, self.runs)
    let (runId, position, now) = try await database.withConnection { connection in
      let now = try connection.query("SELECT clock_timestamp()").first?.timestamp(0) ?? .now()
      return (
        try runs.begin(job, on: connection), try feeds.peek(job.feed, of: account.id, on: connection), now
      )
    }
    let lease = FeedStore.Lease.none(of: account.id, job.feed, at: position, now: now)
    var run = PollRun(
      account: account, adapter: adapter, job: job, database: database, settings: settings(), lease: lease)
    var failure: MarketplaceError?
    do {
      try await run.rehearse()
    } catch let error as MarketplaceError {
      failure = error
    }
    let (counts, error) = (run.counts, failure?.description)
    try await database.withConnection {
      try runs.finish(runId, of: job, counts, error: error, on: $0)
    }
    return .ack
  }

  /// Acks a job that is of no more use, and frees its slot.
  func drop(_ job: PollJob, _ reason: String) async throws -> Disposition {
    let (feeds, runs) = (self.feeds, self.runs)
    try await database.withConnection { connection in
      try feeds.forget(slot: job.jobId, of: job.feed, connectionId: job.connectionId, on: connection)
      try runs.refuse(job, reason, on: connection)
    }
    note(job, reason)
    return .ack
  }

  func note(_ job: PollJob, _ reason: String) {
    logger.info("a poll job is dropped: \(reason)", metadata: ["job": "\(job.messageId)"])
  }
}
