import ArgumentParser
import JSON
import Marketplaces
import Postgres
import Reconciliation
import Settings

/// `crossdock reconcile`
struct ReconcileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile",
    abstract: "Compares a marketplace's listings with the ledger and repairs it; a worker does it.",
    discussion: """
      Prints what differed. Never two at once for one marketplace.

      EXAMPLE
        crossdock reconcile --marketplace 1 --dry-run --fail-on-discrepancy
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Option(help: "The marketplace id.") var marketplace = 1
  @Flag(name: .customLong("dry-run"), help: "Only compare; nothing is changed.") var dryRun = false
  @Flag(name: .customLong("fail-on-discrepancy"), help: "Exit 1 when anything differs.")
  var failOnDiscrepancy = false
  @Option(help: ArgumentHelp("How long to wait for the result: 90s, 10m.", valueName: "time"))
  var limit = TimeSpan(seconds: 600)

  func run() async throws {
    let report = try await settings.load().withDatabase { database in
      let account = try await database.connection(ofMarketplace: marketplace)
      let isDryRun = dryRun
      let id = try await database.transaction {
        try Reconciliations.order(account.id, reason: .manual, isDryRun: isDryRun, on: $0)
      }
      guard let id else {
        throw Failure(.found, "marketplace \(marketplace) is being reconciled already: wait for its end")
      }
      return try await result(of: id, database)
    }
    format.print(report) { text(of: report) }
    if let error = report["error"].text { throw Failure(.found, "the reconciliation failed: \(error)") }
    if failOnDiscrepancy, report["differences"].integer != 0 { throw Failure(.found, "") }
  }

  private func result(of id: Int, _ database: Database) async throws -> JSON {
    let deadline = ContinuousClock.now + .seconds(limit.seconds)
    while ContinuousClock.now < deadline {
      let rows = try await objects(
        database,
        """
        SELECT to_jsonb(r) - 'lease' - 'lease_until' - 'cursor' FROM reconciliations r
         WHERE r.id = $1 AND r.finished_at IS NOT NULL
        """, [id])
      if let row = rows.first { return row }
      try await Task.sleep(for: .milliseconds(200))
    }
    throw Failure(
      .found, "it has not ended yet (number \(id)): is a worker with the role reconcile running?")
  }

  private func text(of report: JSON) -> String {
    let summary =
      "\(report["listings"].text ?? "0") listings in \(report["calls"].text ?? "0") calls, "
      + "\(report["differences"].text ?? "0") differ, \(report["repaired"].text ?? "0") repaired; "
      + "\(report["day_calls"].text ?? "0") calls to the marketplace in the last day"
    let biggest = report["biggest"].array
    guard !biggest.isEmpty else { return summary }
    return summary + "\n"
      + Table.of(
        biggest,
        [
          ("LISTING", "listing"), ("SKU", "sku"), ("LEDGER", "ledger"), ("MARKETPLACE", "marketplace"),
          ("DIFFERENCE", "difference"),
        ], numbers: [2, 3, 4]
      ).text
  }
}
