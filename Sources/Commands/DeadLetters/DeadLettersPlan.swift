import ArgumentParser
import Desk
import JSON
import Settings

extension Plan.Action: ExpressibleByArgument {}

/// `crossdock dlq plan`
struct DeadLettersPlan: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Freezes a selection of dead letters for `dlq apply`, and prints the plan.",
    discussion: """
      The plan names every letter with a digest of its payload, and carries a hash over all of it. With --passing it
      holds only those letters that the present consumers would handle (see `dlq rehearse`).

      EXAMPLE
        crossdock dlq plan --queue stock-ledger --passing > mended.json
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var choice: ChoiceOptions
  @Option(help: "What is to be done with them: requeue or discard.") var action = Plan.Action.requeue
  @Flag(help: "Only letters that would pass now.") var passing = false

  func run() async throws {
    let settings = try settings.load()
    let desk = try settings.desk()
    let (selection, warrant, action) = (choice.selection, choice.warrant, action)
    let rehearsers = passing ? try settings.rehearsers() : nil
    let plan = try await onThread("desk") {
      if let rehearsers {
        return try desk.plan(action, of: selection, passing: rehearsers, by: warrant)
      }
      return try desk.plan(action, of: selection, by: warrant)
    }
    print(plan.json.description)
    say("\(plan.letters.count) letters to \(action.rawValue); do it with `crossdock dlq apply FILE`")
  }
}

/// `crossdock dlq apply`
struct DeadLettersApply: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Does exactly what a plan says, or nothing.",
    discussion: """
      A plan is refused whole, with exit status 1, when one of its letters is gone or is not what it was. What is done
      already counts as done: an `apply` that was killed is run again.

      EXAMPLE
        crossdock dlq apply mended.json --yes
      """)

  @OptionGroup var settings: SettingsOptions
  @Argument(help: "What `dlq plan` has printed; - is standard input.", completion: .file()) var file: String
  @Flag(help: "Do it without asking.") var yes = false
  @Flag(name: .customLong("dry-run"), help: "Only say whether the plan still holds.") var dryRun = false

  func run() async throws {
    let desk = try settings.load().desk()
    let plan = try Plan(file: try contents(of: file))
    if dryRun {
      let state = try await onThread("desk") { try desk.state(of: plan) }
      say("\(state.unchanged) to \(plan.action.rawValue), \(state.done) done, \(state.changed.count) changed")
      if !state.changed.isEmpty { throw Failure(.found, "the plan would be refused: make another") }
      return
    }
    try confirm("\(plan.action.rawValue) \(plan.letters.count) dead letters?", yes: yes)
    let actor = actor
    try report(try await onThread("desk") { try desk.apply(plan, by: actor) }, "done")
  }
}

/// `crossdock dlq rehearse`
struct DeadLettersRehearse: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rehearse",
    abstract: "Runs the present consumers on dead letters, rolls back, and says which would pass.",
    discussion: """
      EXAMPLE
        crossdock dlq rehearse --queue stock-ledger
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var chosen: SelectionOptions

  func run() async throws {
    let settings = try settings.load()
    let (desk, rehearsers) = (try settings.desk(), try settings.rehearsers())
    let selection = chosen.selection
    let report = try await onThread("desk") {
      var report = RehearsalReport()
      try desk.rehearse(selection, with: rehearsers) { report.add($0, $1) }
      return report
    }
    format.print(report.json) {
      var table = Table(
        ["GROUP", "WOULD PASS", "COME AGAIN", "DIE", "UNKNOWN", "WHY"], rightAligned: [1, 2, 3, 4])
      for line in report.sorted {
        table.append([
          line.fingerprint, String(line.passing), String(line.comingAgain), String(line.dying),
          String(line.unknown), line.example ?? "",
        ])
      }
      return report.sorted.isEmpty ? "there are no dead letters" : table.text
    }
  }
}

/// `crossdock dlq export`
struct DeadLettersExport: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Prints dead letters whole, one JSON object a line.",
    discussion: """
      EXAMPLE
        crossdock dlq export --queue order-sync > letters.jsonl
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var chosen: SelectionOptions

  func run() async throws {
    let desk = try settings.load().desk()
    let selection = chosen.selection
    try await onThread("desk") {
      try desk.forEachPage(of: selection) { page, _ in
        for letter in page { print(letter.full.description) }
        return true
      }
    }
  }
}
