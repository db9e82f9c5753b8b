import ArgumentParser
import Desk
import JSON
import Settings
import Time
import Topology

/// `crossdock audit`
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit",
    abstract: "Accounts for every message: published = effected + dead + discarded + in flight.",
    discussion: """
      For every queue, from the outbox, the inbox, the dead letters and the broker. Names the ids that are missing or
      had their effect twice, and exits with 1 when there are any. --repair publishes what is missing again, to the
      queue that lacks it; what had its effect meanwhile has none again.

      EXAMPLE
        crossdock audit --since 24h --format json
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Option(
    help: ArgumentHelp("What was published since then: 24h, 7d, or an RFC 3339 time.", valueName: "time"))
  var since = Moment(Timestamp.now() - .seconds(86_400))
  @Flag(help: "Publish what is missing again.") var repair = false

  func run() async throws {
    let settings = try settings.load()
    let desk = try settings.desk()
    var unacked: [String: Int] = [:]
    if settings.managementURL != nil {
      for depth in try await settings.queueDepths() { unacked[depth.name] = depth.unacked }
    }
    let audit = Audit(desk, since: since.timestamp, unacked: unacked)
    let accounts = try await onThread("audit") { try audit.accounts() }
    format.print(
      [
        "since": .time(since.timestamp), "balanced": .bool(accounts.allSatisfy(\.isBalanced)),
        "queues": .array(accounts.map(\.json)),
      ]
    ) { Self.text(accounts) }
    if repair {
      let count = try await onThread("audit") { try audit.repair(accounts) }
      say("\(count) published again: look once more when the workers are through")
    } else if !accounts.allSatisfy(\.isBalanced) {
      throw Failure(
        .found, "the account does not balance: `crossdock audit --repair` publishes what is missing")
    }
  }

  private static func text(_ accounts: [AuditAccount]) -> String {
    var table = Table(
      ["QUEUE", "PUBLISHED", "EFFECTED", "DEAD", "DISCARDED", "IN FLIGHT", "MISSING", "DOUBLED", "FOREIGN"],
      rightAligned: [1, 2, 3, 4, 5, 6, 7, 8])
    var named: [String] = []
    for account in accounts {
      table.append(
        [account.queue.rawValue]
          + [
            account.published, account.effected, account.dead, account.discarded, account.inFlight,
            account.missingCount, account.doubled.count, account.foreign,
          ].map { String($0) })
      named += account.missing.prefix(20).map { "missing in \(account.queue.rawValue): \($0.id)" }
      named += account.doubled.prefix(20).map { "twice in \(account.queue.rawValue): \($0)" }
    }
    return ([table.text] + named).joined(separator: "\n")
  }
}

/// A moment as people type it: how long ago (`24h`), or an RFC 3339 time.
struct Moment: ExpressibleByArgument {
  var timestamp: Timestamp

  init(_ timestamp: Timestamp) { self.timestamp = timestamp }

  init?(argument: String) {
    if let span = TimeSpan(argument: argument) {
      timestamp = .now() - .seconds(span.seconds)
    } else if let moment = Timestamp(argument) {
      timestamp = moment
    } else {
      return nil
    }
  }

  var defaultValueDescription: String { "24h" }
}
