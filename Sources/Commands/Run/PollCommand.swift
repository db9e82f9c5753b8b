import ArgumentParser
import Foundation
import JSON
import Marketplaces
import Polling
import Postgres
import Settings
import Time

/// `crossdock poll`
struct PollCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "poll",
    abstract: "Publishes a poll job now; a worker does it.",
    discussion: """
      EXAMPLE
        crossdock poll orders --connection main --lookback 120 --wait
        crossdock poll orders --stats-only
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Argument(help: "offer-events, order-events, orders, listings or disputes.") var feed: Feed
  @Option(help: "Only this connection, by id or name; all that are enabled when not given.") var connection:
    String?
  @Option(help: ArgumentHelp("How far back a window reaches.", valueName: "minutes")) var lookback: Int?
  @Option(name: .customLong("batch-size"), help: "Items per page.") var batchSize: Int?
  @Option(name: .customLong("max-pages"), help: "Pages at most; what is left is another job's.") var maxPages:
    Int?
  @Flag(name: .customLong("dry-run"), help: "Only count; nothing is stored or published.") var dryRun = false
  @Flag(help: "Wait for the result, at most two minutes, and print it.") var wait = false

  @Flag(name: .customLong("stats-only"), help: "Poll nothing; print the statistics of orders.")
  var statsOnly =
    false
  @Flag(name: .customLong("reset-stats"), help: "Begin the statistics of orders anew, then poll.")
  var resetStats =
    false

  func validate() throws {
    if statsOnly || resetStats, !PollStatistics.feeds.contains(feed) {
      throw ValidationError("there are statistics of orders only: `crossdock poll orders --stats-only`")
    }
    if let lookback, !(1...525_600).contains(lookback) {
      throw ValidationError("--lookback must be from 1 to 525600")
    }
    if let batchSize, !(1...250).contains(batchSize) {
      throw ValidationError("--batch-size must be from 1 to 250")
    }
    if let maxPages, !(1...10_000).contains(maxPages) {
      throw ValidationError("--max-pages must be from 1 to 10000")
    }
  }

  func run() async throws {
    let settings = try settings.load()
    if resetStats {
      try await settings.withDatabase { database in
        try await database.transaction { try PollStatistics.reset(ofUser: nil, on: $0) }
      }
    }
    if statsOnly {
      try await showStatistics(settings)
      return
    }
    let accounts = try await withConnections(settings) { store in
      if let connection { return [try await store.named(connection)] }
      return try await store.list().filter(\.isEnabled)
    }
    guard !accounts.isEmpty else {
      throw Failure(.found, "there is no enabled connection: `crossdock connections add` makes one")
    }
    try await settings.withDatabase { database in
      let runs = try await publish(for: accounts, database)
      guard wait else {
        say("\(runs.count) poll jobs are on their way")
        return
      }
      try await report(runs, database)
    }
  }

  private func showStatistics(_ settings: Settings) async throws {
    let statistics = try await settings.withDatabase { database in
      try await database.withConnection { try PollStatistics.read(ofUser: nil, on: $0) }
    }
    format.print(statistics.json) {
      var table = Table(["STATISTIC", "VALUE"], rightAligned: [1])
      for (name, value) in statistics.json.object.sorted(by: { $0.key < $1.key }) {
        table.append([name, value.isNull ? "" : value.text ?? value.description])
      }
      return table.text
    }
  }

  /// Answers the numbers of the runs that were announced.
  private func publish(for accounts: [MarketplaceConnection], _ database: Database) async throws -> [Int64] {
    let jobs = accounts.map { account in
      PollJob(
        jobId: "manual-" + UUID().uuidString.lowercased(), connectionId: account.id, feed: feed,
        expiresAt: .now() + .seconds(600), reason: .manual,
        lookback: lookback.map { .seconds($0 * 60) }, batchSize: batchSize, maxPages: maxPages, dryRun: dryRun
      )
    }
    return try await database.transaction { try PollTrigger.publish(jobs, on: $0) }
  }

  private func report(_ runs: [Int64], _ database: Database) async throws {
    let deadline = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < deadline {
      let rows = try await objects(
        database,
        """
        SELECT to_jsonb(r) FROM poll_runs r WHERE r.id = ANY($1) AND r.finished_at IS NOT NULL ORDER BY r.id
        """, [runs])
      if rows.count == runs.count {
        format.print(.array(rows)) {
          Table.of(
            rows,
            [
              ("RUN", "id"), ("FEED", "feed"), ("PAGES", "pages"), ("EVENTS", "events"),
              ("NEW", "new_events"),
              ("SKIPPED", "skipped"), ("ERROR", "error"),
            ], numbers: [0, 2, 3, 4, 5]
          ).text
        }
        if rows.contains(where: { !$0["error"].isNull }) { throw Failure(.found, "") }
        return
      }
      try await Task.sleep(for: .milliseconds(200))
    }
    throw Failure(
      .found, "the poll has not ended within two minutes: is a worker with the role poll running?")
  }
}
