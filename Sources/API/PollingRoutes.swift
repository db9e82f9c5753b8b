import Foundation
import Gateway
import Hummingbird
import JSON
import Marketplaces
import Polling
import Postgres
import Reads
import Time

/// `/api/v1/orders/polling/…`: how the polling of orders goes, by hand and at what pace.
struct PollingRoutes: Routes {
  let database: Database
  /// What the environment says.
  let settings: PollSettings
  let areWebhooksEnabled: Bool
  /// The feeds that a connection's marketplace has.
  let feeds: @Sendable (MarketplaceConnection) -> Set<Feed>

  private static let path = "/api/v1/orders/polling"

  func add(to routes: GatewayRoutes) {
    routes.guarded.get("\(Self.path)/status", use: status)
    routes.guarded.get("\(Self.path)/stats", use: statistics)
    routes.guarded.get("\(Self.path)/health", use: health)
    routes.guarded.get("\(Self.path)/runs/:id", use: run)
    routes.guarded.post("\(Self.path)/trigger", use: trigger)
    routes.guarded.post("\(Self.path)/reset-stats", use: reset)
    routes.guarded.put("\(Self.path)/config", use: configure)
    routes.guarded.post("/api/webhooks/poll-events", use: pollEvents)
  }

  // MARK: Looking

  @Sendable private func status(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let standing = try await standing(for: context.caller)
    return .json(success(standing.status(areWebhooksEnabled: areWebhooksEnabled)), for: request)
  }

  @Sendable private func statistics(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let owner = context.caller.owner
    let statistics = try await database.withConnection { try PollStatistics.read(ofUser: owner, on: $0) }
    return .json(success(statistics.json), for: request)
  }

  @Sendable private func health(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    return .json(success(try await standing(for: context.caller).health), for: request)
  }

  private func standing(for caller: Caller) async throws -> PollingStanding {
    let environment = settings
    return try await database.withConnection {
      try PollingStanding.read(environment, ofUser: caller.owner, on: $0)
    }
  }

  // MARK: Polling by hand

  private static let triggerFields: Set<String> = [
    "lookback_minutes", "batch_size", "max_pages", "dry_run", "connectionId",
  ]

  /// Waits for the run and its orders, 30 s unless `?wait=` says otherwise.
  @Sendable private func trigger(_ request: Request, _ context: CallerContext) async throws -> Response {
    let wait = try Fields(query: request, known: ["wait"]).integer("wait", in: 0...30) ?? 30
    let fields = try await Fields(body: request, known: Self.triggerFields)
    let lookback = try fields.integer("lookback_minutes", in: 1...525_600)
    let batchSize = try fields.integer("batch_size", in: 1...250)
    let maxPages = try fields.integer("max_pages", in: 1...10_000)
    let isDry = try fields.bool("dry_run") ?? false
    let target = try ConnectionTarget(fields, only: "connectionId")
    let (caller, feeds) = (context.caller, self.feeds)
    let answer = try await Idempotency(database: database).once(request, by: caller, asking: fields) {
      session in
      let jobs = try target.enabled(for: caller, on: session).compactMap { account -> PollJob? in
        let known = feeds(account)
        guard let feed = [Feed.orders, .orderEvents].first(where: known.contains) else { return nil }
        var job = PollJob.byHand(feed, of: account)
        job.lookback = lookback.map { .seconds($0 * 60) }
        (job.batchSize, job.maxPages, job.dryRun) = (batchSize, maxPages, isDry)
        return job
      }
      let runs = try PollTrigger.publish(jobs, on: session)
      try ActivityLog.note("polling.trigger", by: caller, of: nil, body: fields.json, on: session)
      return Self.accepted(runs)
    }
    let runs = answer.body["data"]["run_ids"].array.compactMap(\.integer)
    let outcome = try await outcome(of: runs, for: caller, within: .seconds(wait))
    return outcome.isComplete
      ? .json(success(outcome.json)) : answer.response
  }

  private static func accepted(_ runs: [Int64]) -> Answer {
    let names = runs.map { String($0) }.joined(separator: ",")
    return Answer(
      .accepted,
      success([
        "status": "running", "run_id": runs.first.map { .integer($0) } ?? .null,
        "run_ids": .array(runs.map { .integer($0) }),
      ]), location: runs.isEmpty ? nil : "\(path)/runs/\(names)")
  }

  private func outcome(
    of runs: [Int64], for caller: Caller, within patience: Duration
  ) async throws -> PollTrigger.Outcome {
    let deadline = ContinuousClock.now + patience
    while true {
      let outcome = try await outcome(of: runs, for: caller)
      if outcome.isComplete || ContinuousClock.now >= deadline { return outcome }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func outcome(of runs: [Int64], for caller: Caller) async throws -> PollTrigger.Outcome {
    try await database.withConnection {
      try PollTrigger.outcome(of: runs, ofUser: caller.owner, on: $0)
    }
  }

  /// What came of one run, or of several, separated by commas.
  @Sendable private func run(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let names = try context.name("id").split(separator: ",", omittingEmptySubsequences: false)
    let runs = names.compactMap { Int64($0) }
    guard runs.count == names.count else { throw Problem.notFound("run") }
    let outcome = try await outcome(of: runs, for: context.caller)
    guard outcome.known == Set(runs).count else { throw Problem.notFound("run") }
    return .json(success(outcome.json), for: request)
  }

  /// Polls the journals of events of every connection that is seen.
  @Sendable private func pollEvents(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(body: request, known: ["connectionId"])
    let target = try ConnectionTarget(fields, only: "connectionId")
    let (caller, feeds) = (context.caller, self.feeds)
    return try await Idempotency(database: database).once(request, by: caller, asking: fields) { session in
      let jobs = try target.enabled(for: caller, on: session).flatMap { account in
        let known = feeds(account)
        return [Feed.offerEvents, .orderEvents].filter(known.contains).map { PollJob.byHand($0, of: account) }
      }
      let runs = try PollTrigger.publish(jobs, on: session)
      try ActivityLog.note("polling.events", by: caller, of: nil, body: fields.json, on: session)
      return Self.accepted(runs)
    }.response
  }

  // MARK: Changing

  @Sendable private func reset(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(body: request, known: [])
    let caller = context.caller
    let statistics = try await database.transaction { session in
      try PollStatistics.reset(ofUser: caller.owner, on: session)
      try ActivityLog.note("polling.reset-stats", by: caller, of: nil, body: fields.json, on: session)
      return try PollStatistics.read(ofUser: caller.owner, on: session)
    }
    return .json(success(statistics.json))
  }

  private static let configFields: Set<String> = [
    "enabled", "interval_minutes", "lookback_minutes", "batch_size", "max_pages",
  ]

  /// For every process at once, and until it is changed again.
  @Sendable private func configure(_ request: Request, _ context: CallerContext) async throws -> Response {
    let caller = context.caller
    try caller.requireOperator()
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(body: request, known: Self.configFields)
    var config = PollConfig()
    config.isEnabled = try fields.bool("enabled")
    config.intervalMinutes = try fields.integer("interval_minutes", in: 1...44_640)
    config.lookbackMinutes = try fields.integer("lookback_minutes", in: 1...44_640)
    config.batchSize = try fields.integer("batch_size", in: 1...250)
    config.maxPages = try fields.integer("max_pages", in: 1...10_000)
    let (wanted, environment) = (config, settings)
    let standing = try await database.transaction { session in
      try wanted.merge(by: caller.subject, on: session)
      try ActivityLog.note("polling.config", by: caller, of: nil, body: fields.json, on: session)
      return try PollingStanding.read(environment, ofUser: nil, on: session)
    }
    return .json(success(standing.config))
  }
}

extension PollJob {
  /// A job that somebody asked for now.
  static func byHand(_ feed: Feed, of account: MarketplaceConnection) -> PollJob {
    PollJob(
      jobId: "manual-" + UUID().uuidString.lowercased(), connectionId: account.id, feed: feed,
      expiresAt: .now() + .seconds(600), reason: .manual)
  }
}
