import ArgumentParser
import Foundation
import Import
import Postgres
import Settings

/// `crossdock import confirm`
struct ImportConfirm: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confirm",
    abstract: "Says which SKU rows are: their titles and EANs are kept, their quantities set, with history.",
    discussion: """
      EXAMPLE
        crossdock import confirm 1 --line 7 --sku SKU-0001
        crossdock import confirm 1 --all --min-score 0.95 --create
      """)

  @OptionGroup var settings: SettingsOptions
  @Argument(help: "The import's id.") var id: Int
  @Option(help: "One row, by its line in the file.") var line: Int?
  @Option(help: "The SKU that it is; an unknown one is created.") var sku: String?
  @Flag(help: "Every row whose best candidate is good enough and stands alone.") var all = false
  @Option(name: .customLong("min-score"), help: "How good with --all: an equal SKU has 1, an EAN 0.98.")
  var score =
    0.95
  @Flag(help: "With --all also rows without candidates, as the SKU that they name.") var create = false
  @Option(help: "Who says so, for the history.") var admin = ProcessInfo.processInfo.userName
  @Flag(help: "Do it without asking.") var yes = false

  func validate() throws {
    guard all != (line != nil) else { throw ValidationError("give either --all or --line with --sku") }
    guard (line != nil) == (sku.map { !$0.isEmpty } ?? false) else {
      throw ValidationError("--line needs --sku")
    }
    guard score > 0, score <= 1 else { throw ValidationError("--min-score must be above 0 and at most 1") }
  }

  func run() async throws {
    let settings = try settings.load()
    let decisions = Decisions(importId: id, admin: admin, lowThreshold: settings.lowStockThreshold)
    let (score, create, one) = (score, create, line.flatMap { line in sku.map { (line: line, sku: $0) } })
    let (all, yes) = (all, yes)
    try await settings.withDatabase { database in
      let rows: [(line: Int, sku: String)]
      if let one {
        rows = [one]
      } else {
        rows = try await database.withConnection {
          try decisions.sure(atLeast: score, creates: create, on: $0)
        }
        guard !rows.isEmpty else { throw Failure(.found, "no row of import \(id) is that sure") }
      }
      if all { try confirm("confirm \(rows.count) rows?", yes: yes) }
      var done = 0
      // One by one: each is a transaction, and whoever is interrupted goes on by saying it again.
      for row in rows {
        done += try await database.withConnection { connection in
          try decidable { try decisions.confirm(line: row.line, as: row.sku, on: connection) } ? 1 : 0
        }
      }
      say("\(done) of \(rows.count) rows are confirmed now, \(rows.count - done) were before")
    }
  }
}

/// `crossdock import reject`
struct ImportReject: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reject",
    abstract: "Says that a row is nothing of ours.",
    discussion: """
      EXAMPLE
        crossdock import reject 1 --line 7
      """)

  @OptionGroup var settings: SettingsOptions
  @Argument(help: "The import's id.") var id: Int
  @Option(help: "The row's line in the file.") var line: Int
  @Option(help: "Who says so.") var admin = ProcessInfo.processInfo.userName

  func run() async throws {
    let settings = try settings.load()
    let decisions = Decisions(importId: id, admin: admin, lowThreshold: settings.lowStockThreshold)
    let line = line
    let isDone = try await settings.withDatabase { database in
      try await database.withConnection { try decisions.reject(line: line, on: $0) }
    }
    guard isDone else { throw Failure(.found, "import \(id) has no open row on line \(line)") }
    say("line \(line) is rejected")
  }
}

/// What can't be decided, as the command's one sentence.
private func decidable<T>(_ body: () throws -> T) throws -> T {
  do { return try body() } catch let refusal as Decisions.Refusal {
    throw Failure(.found, refusal.description)
  }
}
