package import Lane
package import Logging
package import Marketplaces
import Metrics
package import Postgres
import Time
package import Topology

/// Polls: the handler of the queue `poll`.
package struct PollWorker: JobHandler {
  package let queue = Queue.poll

  let database: Database
  let connections: ConnectionStore
  let adapters: Adapters
  let settings: @Sendable () -> PollSettings
  let logger: Logger
  let feeds = FeedStore()
  let runs = PollRuns()

  /// `settings` is asked anew for every job.
  package init(
    database: Database, connections: ConnectionStore, adapters: Adapters, logger: Logger,
    settings: @escaping @Sendable () -> PollSettings
  ) {
    self.database = database
    self.connections = connections
    self.adapters = adapters
    self.settings = settings
    self.logger = logger
  }

  package func handle(_ delivery: Job) async -> Disposition {
    let job: PollJob
    do throws(PollJob.Problem) {
      job = try PollJob.decode(delivery.body)
    } catch {
      return .deadLetter(Failure(.badData, place: "decode", error.description))
    }
    let disposition: Disposition
    do {
      disposition = try await handle(job, attempts: delivery.attempts)
    } catch is FeedStore.LeaseLost {
      disposition = .ack
    } catch {
      disposition = Dispositions.disposition(for: error)
    }
    Counter(
      label: "crossdock_poll_jobs_total",
      dimensions: [("feed", job.feed.rawValue), ("outcome", disposition.name)]
    ).increment()
    return disposition
  }

  private func handle(_ job: PollJob, attempts: Int) async throws -> Disposition {
    guard let account = try await connections.find(job.connectionId), account.isEnabled else {
      return try await drop(job, "the connection is disabled or gone")
    }
    let adapter: any MarketplaceAdapter
    do {
      adapter = try adapters.adapter(for: account)
    } catch {
      return try await drop(job, error.description)
    }
    if job.readsNamed { return try await readNamed(job, account, adapter, attempts: attempts) }
    if !job.listings.isEmpty || !job.orders.isEmpty {
      return try await reread(job, account, adapter, attempts: attempts)
    }
    if job.dryRun { return try await rehearse(job, account, adapter) }
    return try await poll(job, account, adapter, attempts: attempts)
  }

  // MARK: A poll

  private func poll(
    _ job: PollJob, _ account: MarketplaceConnection, _ adapter: any MarketplaceAdapter, attempts: Int
  ) async throws -> Disposition {
    let environment = settings()
    let (feeds, runs) = (self.feeds, self.runs)
    let (settings, acquired) = try await database.transaction { connection in
      let settings = environment.overridden(by: try PollConfig.read(on: connection))
      let acquired = try feeds.acquire(
        job.feed, of: job.connectionId, for: settings.lease, on: connection)
      if case .leased = acquired { try NamedReads.settleFeed(of: job, on: connection) }
      return (settings, acquired)
    }
    guard case .leased(let lease) = acquired else {
      guard case .busy(let remaining) = acquired, job.expiresAt > .now() else {
        return try await drop(job, "the job came too late")
      }
      return .delay(
        Failure(.busy, place: "lease", "another worker polls the feed"),
        notBefore: min(remaining, .seconds(5)))
    }
    if let refusal = Self.refusal(of: job, lease) {
      try await database.withConnection { connection in
        try feeds.abandon(lease, slot: job.jobId, on: connection)
        try runs.refuse(job, refusal, on: connection)
      }
      note(job, refusal)
      return .ack
    }
    var run = PollRun(
      account: account, adapter: adapter, job: job, database: database, settings: settings, lease: lease)
    let runId: Int64
    do {
      runId = try await database.withConnection { try runs.begin(job, on: $0) }
    } catch {
      // Nothing was polled: the feed must not wait for the lease to run out.
      try? await database.withConnection { try feeds.abandon(lease, slot: job.jobId, on: $0) }
      throw error
    }
    let failure = await failure(of: &run)
    return try await settle(run, runId, failure, attempts: attempts)
  }

  /// Runs, and answers what went wrong. The lease is renewed meanwhile, so that it can be short: the feed of a worker
  /// that was killed rests for that long only, however long a marketplace may take to answer a living one.
  private func failure(of run: inout PollRun) async -> (any Error)? {
    let (lease, duration) = (run.lease, run.settings.lease)
    async let _: Void = keep(lease, for: duration)
    return await run.failure()
  }

  /// Renews a lease until its task is cancelled or it is lost; a page that comes after that is not committed (Rule 23).
  private func keep(_ lease: FeedStore.Lease, for duration: Duration) async {
    let feeds = feeds
    var isHeld = true
    while isHeld, (try? await Task.sleep(for: duration / 3)) != nil {
      // A database that is away is asked again: the lease may be there still when it comes back.
      isHeld = (try? await database.withConnection { try feeds.renew(lease, for: duration, on: $0) }) ?? true
    }
  }

  /// Why a job is of no more use, though its feed is there to be polled.
  static func refusal(of job: PollJob, _ lease: FeedStore.Lease) -> String? {
    if job.expiresAt <= lease.now { return "the job came too late" }
    if lease.status == .paused { return "the feed is paused" }
    if lease.status == .stopped, job.reason != .manual { return "the feed is stopped" }
    return nil
  }

  private func settle(
    _ run: PollRun, _ runId: Int64, _ failure: (any Error)?, attempts: Int
  ) async throws -> Disposition {
    guard let failure else {
      try await finish(run, runId, status: .active, isDone: !run.isContinued)
      return .ack
    }
    guard let cause = failure as? MarketplaceError else {
      // The database's trouble; the lease runs out by itself if it can't be given back.
      try? await finish(run, runId, status: nil, error: "\(failure)", isDone: false)
      throw failure
    }
    let rule = PollRules(on: cause, attempts: attempts)
    logger.warning(
      "polling failed: \(cause.description)",
      metadata: ["connection": "\(run.account.key)", "feed": "\(run.job.feed.rawValue)"])
    let isDone = rule.disposition == .ack && !run.isContinued
    try await finish(
      run, runId, status: rule.status, error: cause.description,
      // What the marketplace doesn't have is no failure to poll it.
      errorClass: rule.status == .unavailable ? nil : cause.errorClass, isDone: isDone)
    return rule.disposition
  }

  private func finish(
    _ run: PollRun, _ runId: Int64, status: FeedStatus?, error: String? = nil, errorClass: ErrorClass? = nil,
    isDone: Bool
  ) async throws {
    let (feeds, runs) = (self.feeds, self.runs)
    try await database.transaction { connection in
      try feeds.release(
        run.lease, slot: run.job.jobId, status: status, error: error, isDone: isDone, on: connection)
      try runs.finish(runId, of: run.job, run.counts, error: error, errorClass: errorClass, on: connection)
    }
    Counter(label: "crossdock_polled_events_total", dimensions: [("feed", run.job.feed.rawValue)])
      .increment(by: run.counts.newEvents)
  }
}

extension PollRun {
  /// Runs, and answers what went wrong.
  fileprivate mutating func failure() async -> (any Error)? {
    do {
      try await run()
      return nil
    } catch {
      return error
    }
  }
}

extension Disposition {
  fileprivate var name: String {
    switch self {
    case .ack: "ack"
    case .delay: "delay"
    case .deadLetter: "dead"
    case .wait: "wait"
    }
  }
}
