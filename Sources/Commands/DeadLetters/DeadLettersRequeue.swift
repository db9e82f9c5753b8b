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
      EXAMPLE
        crossdock dlq requeue --queue stock-ledger --older-than 1h --yes
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var chosen: SelectionOptions
  @Flag(help: "Every dead letter of every queue.") var all = false
  @Flag(help: "Do it without asking.") var yes = false
  @Flag(name: .customLong("dry-run"), help: "Only say what would be requeued.") var dryRun = false

  func validate() throws {
    if chosen.isEmpty && !all {
      throw ValidationError("say which: --id, --group, --queue, --type, --older-than, --limit or --all")
    }
  }

  func run() async throws {
    let desk = try settings.load().desk()
    let selection = chosen.selection
    let letters = try await onThread("desk") { try desk.letters(selection) }
    guard !letters.isEmpty else {
      say("there is nothing to requeue")
      return
    }
    for (queue, count) in Self.counts(letters) { say("\(count) of \(queue)") }
    guard !dryRun else { return }
    try confirm("requeue \(letters.count) dead letters?", yes: yes)
    let actor = actor
    let result = try await onThread("desk") { try desk.requeue(selection, by: Warrant(actor: actor)) }
    say("\(result.done) requeued")
    if result.left > 0 {
      throw Failure(.found, "the broker did not take \(result.left): they are still dead letters, try again")
    }
  }

  private static func counts(_ letters: [DeadLetter]) -> [(String, Int)] {
    Dictionary(grouping: letters, by: \.queue.rawValue).mapValues(\.count).sorted { $0.key < $1.key }
  }
}
