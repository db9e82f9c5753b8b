import ArgumentParser
import Desk
import JSON
import Logging
import ServiceLifecycle
import Settings

/// `crossdock maintenance`
struct MaintenanceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "maintenance",
    abstract: "Makes the partitions to come and drops those whose time is over.",
    discussion: """
      Partitions of inbox, outbox and stock history are dropped whole, never deleted row by row; ids in living dead
      letters stay known. The scheduler does this every hour; any number may run it at once.

      EXAMPLE
        crossdock maintenance --dry-run
        crossdock maintenance --inbox-days 30
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Option(help: ArgumentHelp("Keep ids of effects so long.", valueName: "days")) var inboxDays = Retention()
    .inboxDays
  @Option(
    help: ArgumentHelp("Keep published messages so long; as far back the audit reaches.", valueName: "days"))
  var outboxDays = Retention().outboxDays
  @Option(help: ArgumentHelp("Keep the history of stock so long.", valueName: "days"))
  var historyDays = Retention().historyDays
  @Flag(name: .customLong("dry-run"), help: "Only say what would be dropped.") var dryRun = false

  func validate() throws {
    guard min(inboxDays, outboxDays) >= 2, historyDays >= 31 else {
      throw ValidationError("inbox and outbox are kept for 2 days at least, the history for 31")
    }
  }

  func run() async throws {
    let desk = try settings.load().desk()
    let retention = Retention(inboxDays: inboxDays, outboxDays: outboxDays, historyDays: historyDays)
    let dryRun = dryRun
    guard let done = try await onThread("maintenance", { try desk.maintain(retention, dryRun: dryRun) })
    else {
      return say("another process is at it: nothing was done")
    }
    format.print([
      "dropped": .array(done.dropped.map { .string($0) }), "left": .array(done.left.map { .string($0) }),
      "carried": .integer(done.carried), "dry_run": .bool(dryRun),
    ]) {
      (done.dropped.map { (dryRun ? "would drop " : "dropped ") + $0 } + done.left.map { "left " + $0 }
        + ["\(done.dropped.count) partitions, \(done.carried) ids carried over"]).joined(separator: "\n")
    }
    if !done.left.isEmpty {
      throw Failure(.found, "some partitions were left: run `crossdock maintenance` again")
    }
  }
}

/// Runs the maintenance every hour, in whichever process comes first.
struct MaintenanceService: Service {
  let desk: DeadLetterDesk
  let logger: Logger

  func run() async throws {
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      do {
        let done = try await onThread("maintenance") { try desk.maintain(Retention()) }
        for name in done?.dropped ?? [] { logger.info("dropped the partition \(name)") }
        for text in done?.left ?? [] { logger.warning("maintenance left \(text)") }
      } catch {
        logger.warning("the maintenance waits for its next hour: \(error)")
      }
      try? await cancelWhenGracefulShutdown { try await Task.sleep(for: .seconds(3_600)) }
    }
  }
}
