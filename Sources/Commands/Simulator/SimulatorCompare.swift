import ArgumentParser
import AsyncHTTPClient
import Desk
import Events
import JSON
import Marketplaces
import Postgres
import Settings
import Topology

/// `crossdock simulator compare`
struct SimulatorCompare: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract:
      "Stops the simulator's markets, lets everything drain, and compares ledger, orders, listings, conversations, messages and disputes with the truth.",
    discussion: """
      Prints one JSON object; exits 0 only when nothing differs. Compared are stock and orders; what buyers were to be
      told; that every dispute was taken by a moderator, where there are any; and that what shares its stock shows the
      ledger's. With --quiet it then looks on for so long: connections that share their stock must have settled, with no
      more than one write of the last quantity to each listing, and none while it looks on.

      EXAMPLE
        crossdock simulator compare --url http://127.0.0.1:8080
      """)

  @OptionGroup var settings: SettingsOptions
  @Option(help: "Where the simulator is.") var url: String
  @Option(help: ArgumentHelp("How long the draining may take: 90s, 5m.", valueName: "time"))
  var limit = TimeSpan(seconds: 180)
  @Option(help: ArgumentHelp("Seconds in which nothing may be written once all is drained.", valueName: "n"))
  var quiet = 0
  @Option(help: ArgumentHelp("For how long the market was open, for the rate.", valueName: "n")) var seconds =
    0

  func run() async throws {
    let settings = try settings.load()
    let report = try await SimulatorClient.with(url) { simulator in
      try await settings.withDatabase { database in
        try await Comparison(
          settings: settings, simulator: simulator,
          held: Held(database: database, topology: settings.topology)
        ).run(limit: .seconds(limit.seconds), quiet: .seconds(quiet))
      }
    }
    for line in report.differences.prefix(100) { say(line) }
    print(report.json(seconds: seconds).description)
    if report.mismatches > 0 { throw Failure(.found, "") }
  }
}

/// What a comparison has found.
struct ComparisonReport: Sendable {
  var differences: [String] = []
  var account = Held.Account()
  var deadLetters = 0
  /// Seconds that the draining took.
  var drained = 0.0
  /// What was compared besides stock and orders.
  var covered = Held.Covered()
  /// Nil when nobody looked on.
  var settling: Settling?

  /// Differences, and messages that neither had their effect nor are dead.
  var mismatches: Int {
    differences.count + (deadLetters == 0 && account.published != account.effected ? 1 : 0)
  }

  func json(seconds: Int) -> JSON {
    let span = Double(max(seconds, 1))
    return [
      "seconds": .integer(seconds), "orders": .integer(account.orders), "events": .integer(account.events),
      "stock_rows": .integer(account.stockRows), "mismatches": .integer(mismatches),
      "dead_letters": .integer(deadLetters), "published": .integer(account.published),
      "effected": .integer(account.effected),
      "events_per_second": .init(floatLiteral: (Double(account.events) / span * 10).rounded() / 10),
      "drain_seconds": .init(floatLiteral: (drained * 10).rounded() / 10),
      "conversations": .integer(covered.conversations), "messages": .integer(covered.messages),
      "disputes": .integer(covered.disputes), "shared_listings": .integer(covered.sharedListings),
      "pushes": .integer(covered.pushes), "reconciliations": .integer(covered.reconciliations),
      "pushes_after_last_change": settling.map { .integer($0.mostAfterLastChange) } ?? .null,
      "pushes_in_quiet": settling.map { .integer($0.inQuiet) } ?? .null,
      "quiet_seconds": .integer(settling?.seconds ?? 0),
    ]
  }
}

/// Stops the markets, waits until all is worked off, and compares.
struct Comparison {
  let settings: Settings
  let simulator: SimulatorClient
  let held: Held

  func run(limit: Duration, quiet: Duration) async throws -> ComparisonReport {
    _ = try await simulator.post("/control/stop")
    let clock = ContinuousClock()
    let stopped = clock.now
    var (truth, side) = try await readTruth()
    var report = ComparisonReport()
    repeat {
      report.drained = (clock.now - stopped) / .seconds(1)
      truth.takeStock(try await simulator.get("/truth/stock"), of: side.compared)
      if try await look(into: &report, truth: truth, side: side, since: report.drained) { break }
      try await Task.sleep(for: .milliseconds(500))
    } while clock.now - stopped < limit
    report.covered = try await held.covered()
    if quiet > .zero, report.differences.isEmpty { try await lookOn(for: quiet, into: &report) }
    return report
  }

  /// Nothing may be written any more, and at the end still nothing may differ.
  private func lookOn(for quiet: Duration, into report: inout ComparisonReport) async throws {
    let before = try await held.settling(seconds: Int(quiet.components.seconds), since: nil)
    try await Task.sleep(for: quiet)
    var (truth, side) = try await readTruth()
    truth.takeStock(try await simulator.get("/truth/stock"), of: side.compared)
    _ = try await look(into: &report, truth: truth, side: side, since: 0)
    let after = try await held.settling(seconds: before.seconds, since: before)
    report.settling = after
    report.differences += after.problems
  }

  /// True when all is worked off and nothing differs: there is nothing left to wait for.
  private func look(
    into report: inout ComparisonReport, truth: Truth, side: Side, since: Double
  ) async throws -> Bool {
    report.account = try await held.account()
    let depths = try await settings.queueDepths()
    report.deadLetters = depths.reduce(0) { $0 + ($1.dead ?? 0) }
    report.differences =
      truth.differences(from: try await held.truth(accounts: side.accounts, unwritten: side.unwritten))
      + (try await held.untold(accounts: side.accounts))
      + (try await held.unescalated(disputes: side.disputes, accounts: side.accounts))
      + (try await messageDifferences(merged: truth.merged, side: side))
    let worked = Held.consumed.union([.poll, .push, .reconcile])
    let waiting = depths.filter { $0.queue.map { worked.contains($0) } ?? false }
      .reduce(0) { $0 + ($1.ready ?? 0) }
    let isDrained =
      try await held.hasPolledAll(within: since) && report.account.unsent == 0 && waiting == 0
      && report.account.published <= report.account.effected + report.deadLetters
    return isDrained && report.differences.isEmpty
  }

  /// Messages go on while the markets stand still.
  private func messageDifferences(merged: Set<Truth.Place>, side: Side) async throws -> [String] {
    let letters = Letters(
      try await simulator.get("/truth/messages"), accounts: Set(side.accounts.values))
    return letters.differences(from: try await held.messages(accounts: side.accounts), merged: merged)
  }

  /// What is connected to the simulator.
  private struct Side {
    /// The connections' ids with the accounts' names.
    var accounts: [String: String] = [:]
    /// Connections that share their stock and can't be written to: what they show is nobody's to say.
    var unwritten: Set<String> = []
    /// Connections and orders that buyers have complained about, where complaints can be read or a webhook told of them.
    var disputes: Set<Held.OrderName> = []
    /// The accounts whose stock is compared.
    var compared: Set<String> { Set(accounts.filter { !unwritten.contains($0.key) }.values) }
  }

  /// The truth of the accounts that are connected.
  private func readTruth() async throws -> (Truth, Side) {
    let connections = try await withConnections(settings) { try await $0.list() }
    let names = Dictionary(
      try await simulator.accounts().map { ($0.baseURL, $0.name) }, uniquingKeysWith: { first, _ in first })
    var side = Side()
    let access = try MarketplaceAccess(
      settings: settings, database: held.database, logger: settings.logger("simulator"))
    let disputes = try await simulator.get("/truth/disputes").array
    for connection in connections {
      side.accounts[connection.key] = names[connection.baseURL]
      let features = (try? access.adapters.adapter(for: connection))?.features
      let arePolled = features?.feeds.contains(.disputes) ?? false
      for dispute in disputes where dispute["account"].text == names[connection.baseURL] {
        guard arePolled || dispute["told"].bool ?? false else { continue }
        side.disputes.insert(
          Held.OrderName(connection: connection.key, order: dispute["orderId"].text ?? ""))
      }
      let stockWrite = features?.stockWrite ?? .none
      if connection.syncRules["propagateInventory"].bool ?? false, stockWrite == .none {
        side.unwritten.insert(connection.key)
      }
    }
    try await access.http.shutdown()
    guard !side.accounts.isEmpty else {
      throw Failure(.found, "no connection leads to this simulator: run `crossdock simulator connect` first")
    }
    let truth = Truth(
      stock: try await simulator.get("/truth/stock"), orders: try await simulator.get("/truth/orders"),
      accounts: Set(side.accounts.values))
    return (truth, side)
  }
}
