import ArgumentParser
import Desk
import Settings
import Topology

/// `crossdock dlq requeue`
struct DeadLettersRequeue: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "requeue",
    abstract: "Brings dead letters back to the queues they died in, under the same ids.",
    discussion: """
      With --ramp first 1 goes, then 2, 5, 20, 50, 200 and so on: each step waits until its letters have had their
      effect, and the first that dies by the same fingerprint ends it. With --edit one letter goes back with a
      corrected payload; the original stays in dead_letter_actions.

      EXAMPLE
        crossdock dlq requeue --queue stock-ledger --older-than 1h --ramp --yes
        crossdock dlq requeue --id allegro:6f1c:event-456 --edit corrected.json --reason "quantity was text"
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var choice: ChoiceOptions
  @Option(help: ArgumentHelp("At most so many a second: 50/s or 50.", valueName: "n/s")) var rate: Rate?
  @Flag(help: "In growing steps, and stop when the failure comes back.") var ramp = false
  @Option(
    help: ArgumentHelp("Send this payload instead, for one --id; - is standard input.", valueName: "file"))
  var edit: String?
  @Flag(help: "Do it without asking.") var yes = false
  @Flag(name: .customLong("dry-run"), help: "Only say what would be requeued.") var dryRun = false

  func validate() throws {
    if edit != nil && choice.chosen.id.count != 1 {
      throw ValidationError("--edit needs exactly one --id")
    }
  }

  func run() async throws {
    let desk = try settings.load().desk()
    let (selection, warrant) = (choice.selection, choice.warrant)
    let counts = try await onThread("desk") { try desk.counts(selection) }
    let count = sayCounts(counts)
    guard count > 0 else { return try sayNothing(to: "requeue", of: selection) }
    guard !dryRun else { return }
    try confirm("requeue \(count) dead letters?", yes: yes)
    if let edit {
      let (id, body) = (choice.chosen.id[0], try contents(of: edit))
      let acted = try await onThread("desk") {
        try desk.edit(id, in: selection.queues, to: body, by: warrant)
      }
      return try report(acted, "requeued with the new payload")
    }
    let rhythm = Rhythm(ramps: ramp, rate: rate?.perSecond)
    let result = try await onThread("desk") {
      try desk.requeue(selection, at: rhythm, by: warrant) {
        if rhythm.ramps { say("\($0.done) requeued so far") }
      }
    }
    try report(result.acted, "requeued")
    switch result.end {
    case .complete, .paused: return
    case .recurred(let fingerprint):
      throw Failure(
        .found,
        "stopped: letters died again by \(fingerprint); `crossdock dlq rehearse` says which would pass")
    case .undecided(let pending):
      throw Failure(
        .found, "stopped: \(pending) had no effect yet; check with `crossdock queues` that workers consume")
    }
  }
}

/// A number of letters a second: `50/s` or `50`.
struct Rate: ExpressibleByArgument {
  var perSecond: Int

  init?(argument: String) {
    let digits = argument.hasSuffix("/s") ? String(argument.dropLast(2)) : argument
    guard let count = Int(digits), (1...1_000_000).contains(count) else { return nil }
    perSecond = count
  }
}

/// `crossdock dlq discard`
struct DeadLettersDiscard: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "discard",
    abstract: "Takes dead letters out for good; the record keeps who, what and why.",
    discussion: """
      EXAMPLE
        crossdock dlq discard --group bad_event/decode --reason "test data of the integrator" --yes
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var choice: ChoiceOptions
  @Flag(help: "Do it without asking.") var yes = false
  @Flag(name: .customLong("dry-run"), help: "Only say what would be discarded.") var dryRun = false

  func run() async throws {
    let desk = try settings.load().desk()
    let (selection, warrant) = (choice.selection, choice.warrant)
    let count = sayCounts(try await onThread("desk") { try desk.counts(selection) })
    guard count > 0 else { return try sayNothing(to: "discard", of: selection) }
    guard !dryRun else { return }
    guard warrant.reason?.isEmpty == false else {
      throw Failure(.usage, "say why with --reason: it stands in the record")
    }
    try confirm("discard \(count) dead letters for good?", yes: yes)
    try report(try await onThread("desk") { try desk.discard(selection, by: warrant) }, "discarded")
  }
}
