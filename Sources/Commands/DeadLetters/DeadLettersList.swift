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
      A letter is marked as superseded when the order or the stock it tells of is known as of a later moment.

      EXAMPLE
        crossdock dlq list --queue stock-ledger --older-than 1h
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @OptionGroup var chosen: SelectionOptions
  @Option(help: ArgumentHelp("Leave out so many at the front.", valueName: "n")) var skip = 0
  @Option(
    name: .customLong("page"),
    help: ArgumentHelp("Show at most so many; a table shows 1000 unless told otherwise.", valueName: "n"))
  var length: Int?

  func validate() throws {
    guard skip >= 0, length ?? 1 > 0 else { throw ValidationError("--skip and --page count letters") }
  }

  func run() async throws {
    let desk = try settings.load().desk()
    let selection = chosen.selection
    if format.format == .json { return try await printJSON(desk, selection) }
    let (skip, length) = (skip, length ?? 1_000)
    let (letters, superseded) = try await onThread("desk") {
      let letters = try desk.letters(selection, skipping: skip, atMost: length)
      return (letters, try desk.superseded(among: letters))
    }
    var table = Table(["ID", "QUEUE", "TYPE", "CLASS", "ATTEMPTS", "DIED", "ERROR"], rightAligned: [4])
    for letter in letters {
      let note = superseded.contains(letter.key) ? "(superseded) " : ""
      table.append([
        letter.id, letter.queue.rawValue, letter.type ?? "", letter.errorClass, String(letter.attempts),
        letter.deadAt?.description ?? "", note + String(letter.error.prefix(100)),
      ])
    }
    print(letters.isEmpty ? "there are no dead letters" : table.text)
    if letters.count == length { say("there may be more: --skip \(skip + length)") }
  }

  /// One array, a letter a line, as they are read: there may be very many.
  private func printJSON(_ desk: DeadLetterDesk, _ selection: Selection) async throws {
    let (skip, length) = (skip, length ?? .max)
    try await onThread("desk") {
      var (toSkip, shown) = (skip, 0)
      print("[")
      try desk.forEachPage(of: selection) { page, _ in
        let letters = Array(page.dropFirst(toSkip).prefix(length - shown))
        toSkip -= min(toSkip, page.count)
        let superseded = try desk.superseded(among: letters)
        for letter in letters {
          var json = letter.summary
          json["superseded"] = .bool(superseded.contains(letter.key))
          print((shown == 0 ? " " : ",") + json.description)
          shown += 1
        }
        return shown < length
      }
      print("]")
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
      var table = Table(
        ["COUNT", "QUEUES", "ORDERS", "MONEY", "SUPERSEDED", "FIRST", "LAST", "BUILD", "FINGERPRINT"],
        rightAligned: [0, 2, 3, 4])
      for group in groups {
        table.append([
          String(group.count), group.queues.map(\.rawValue).sorted().joined(separator: ","),
          String(group.orders),
          group.money.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: " "),
          String(group.superseded), group.firstSeen?.description ?? "", group.lastSeen?.description ?? "",
          group.builds.sorted().joined(separator: ","), group.fingerprint,
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
