import ArgumentParser
import Desk
import JSON
import Settings
import Time
import Topology

/// `crossdock dlq list`
struct DeadLettersList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Shows dead letters and why they died, without consuming them.",
    discussion: """
      EXAMPLE
        crossdock dlq list --queue stock-ledger --older-than 1h
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var chosen: SelectionOptions

  func run() async throws {
    let desk = try settings.load().desk()
    let selection = chosen.selection
    let letters = try await onThread("desk") { try desk.letters(selection) }
    format.print(.array(letters.map(\.summary))) {
      var table = Table(["ID", "QUEUE", "TYPE", "CLASS", "ATTEMPTS", "DIED", "ERROR"], rightAligned: [4])
      for letter in letters {
        table.append([
          letter.id, letter.queue.rawValue, letter.type ?? "", letter.errorClass, String(letter.attempts),
          letter.deadAt?.description ?? "", String(letter.error.prefix(100)),
        ])
      }
      return letters.isEmpty ? "there are no dead letters" : table.text
    }
  }
}

/// `crossdock dlq groups`
struct DeadLettersGroups: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "groups",
    abstract: "Groups dead letters by how they failed, the largest group first.",
    discussion: """
      EXAMPLE
        crossdock dlq groups --format json
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var chosen: SelectionOptions

  func run() async throws {
    let desk = try settings.load().desk()
    let selection = chosen.selection
    let groups = try await onThread("desk") { try desk.groups(selection) }
    format.print(.array(groups.map(\.json))) {
      var table = Table(["COUNT", "QUEUES", "FIRST", "LAST", "FINGERPRINT", "ERROR"], rightAligned: [0])
      for group in groups {
        table.append([
          String(group.count), group.queues.map(\.rawValue).sorted().joined(separator: ","),
          group.firstSeen?.description ?? "", group.lastSeen?.description ?? "", group.fingerprint,
          String(group.error.prefix(80)),
        ])
      }
      return groups.isEmpty ? "there are no dead letters" : table.text
    }
  }
}

/// `crossdock dlq show`
struct DeadLettersShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Prints payload, headers and error of a dead letter, as JSON.",
    discussion: """
      EXAMPLE
        crossdock dlq show allegro:6f1c:event-456
      """)

  @OptionGroup var settings: SettingsOptions
  @Option(help: ArgumentHelp("Only this work queue.", valueName: "queue")) var queue: [Queue] = []
  @Argument(help: "Its message id.") var id: String

  func run() async throws {
    let desk = try settings.load().desk()
    let selection = Selection(queues: queue.isEmpty ? Queue.allCases : queue, ids: [id])
    let letters = try await onThread("desk") { try desk.letters(selection) }
    guard !letters.isEmpty else {
      throw Failure(.found, "no dead letter has the id \(id): `crossdock dlq list` shows them")
    }
    for letter in letters { print(letter.full.description) }
  }
}
