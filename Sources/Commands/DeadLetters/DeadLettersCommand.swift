import ArgumentParser
import Desk
import Foundation
import Settings
import Time
import Topology

/// `crossdock dlq`
struct DeadLettersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dlq",
    abstract: "The dead-letter desk: what failed, why, and back again.",
    discussion: """
      The dead-letter queues in the broker are the truth. Looking never consumes; what is done to a letter is written
      to dead_letter_actions before it is done, so that a command which was killed is simply run again.

      Usually: groups, show one of a group, mend the cause, rehearse, then requeue with --ramp.

      EXAMPLE
        crossdock dlq groups
      """,
    subcommands: [
      DeadLettersList.self, DeadLettersGroups.self, DeadLettersShow.self, DeadLettersRequeue.self,
      DeadLettersDiscard.self, DeadLettersPlan.self, DeadLettersApply.self, DeadLettersRehearse.self,
      DeadLettersExport.self,
    ])
}

/// Which letters a command is about.
struct SelectionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Only this message; may be given several times.", valueName: "id"))
  var id: [String] = []
  @Option(
    help: ArgumentHelp(
      "Only letters of this fingerprint, as `dlq groups` shows it.", valueName: "fingerprint"))
  var group: [String] = []
  @Option(help: ArgumentHelp("Only this work queue: \(Queue.names)", valueName: "queue"))
  var queue: [Queue] = []
  @Option(help: ArgumentHelp("Only messages of this type, such as order.created.", valueName: "type"))
  var type: [String] = []
  @Option(
    name: .customLong("older-than"), help: ArgumentHelp("Only letters that died longer ago: 30m, 8h, 7d."))
  var olderThan: TimeSpan?
  @Option(help: ArgumentHelp("At most this many of each queue, the oldest first.", valueName: "n"))
  var limit: Int?

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit must be at least 1") }
  }

  /// Whether nothing was chosen.
  var isEmpty: Bool {
    id.isEmpty && group.isEmpty && queue.isEmpty && type.isEmpty && olderThan == nil && limit == nil
  }

  var selection: Selection {
    Selection(
      queues: queue.isEmpty ? Queue.allCases : queue, ids: Set(id), groups: Set(group), types: Set(type),
      deadBefore: olderThan.map { Timestamp.now() - .seconds($0.seconds) }, limit: limit)
  }
}

/// The options of commands that change something: without a choice nothing is touched.
struct ChoiceOptions: ParsableArguments {
  @OptionGroup var chosen: SelectionOptions
  @Flag(help: "Every dead letter of every queue.") var all = false
  @Option(help: ArgumentHelp("Why, for the record.", valueName: "text")) var reason: String?

  func validate() throws {
    if chosen.isEmpty && !all {
      throw ValidationError("say which: --id, --group, --queue, --type, --older-than, --limit or --all")
    }
  }

  var selection: Selection { chosen.selection }
  var warrant: Warrant { Warrant(actor: actor, reason: reason) }
}

extension Queue: ExpressibleByArgument {
  static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

  /// The short name, or the whole one with any namespace before it.
  public init?(argument: String) {
    let short = Self.allCases.first { argument == $0.rawValue || argument.hasSuffix("." + $0.rawValue) }
    guard let short else { return nil }
    self = short
  }
}

extension Settings {
  /// The desk over these servers.
  func desk() throws -> DeadLetterDesk {
    DeadLetterDesk(
      brokers: try requiredBrokers(), authorities: brokerAuthorityFile, topology: topology,
      database: try requiredDatabaseURL().revealed)
  }
}

/// Who acts, as it stands in the record: the login name.
var actor: String { Surroundings.current.environment["USER"] ?? "crossdock" }

/// Says how many letters of each queue are meant; answers how many in all.
func sayCounts(_ counts: [Queue: Int]) -> Int {
  for (queue, count) in counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
    say("\(count) of \(queue.rawValue)")
  }
  return counts.values.reduce(0, +)
}

/// Says that there is nothing to do, which is a mistake when letters were named one by one.
func sayNothing(to deed: String, of selection: Selection) throws {
  guard selection.ids.isEmpty else {
    let ids = selection.ids.sorted().joined(separator: ", ")
    throw Failure(.found, "no dead letter is chosen by --id \(ids): `crossdock dlq list` shows them")
  }
  say("there is nothing to \(deed)")
}

/// Says what an action has done.
///
/// - Throws: `Failure` when the broker left some where they were.
func report(_ acted: Acted, _ done: String) throws {
  say("\(acted.done) \(done)")
  guard acted.left > 0 else { return }
  throw Failure(.found, "the broker did not take \(acted.left): they are still dead letters, try again")
}

/// The bytes of a file, or of standard input for `-`.
func contents(of file: String) throws -> [UInt8] {
  if file == "-" { return Surroundings.current.input() }
  do { return Array(try Data(contentsOf: URL(fileURLWithPath: file))) } catch {
    throw Failure(.usage, "\(file) can't be read: give the path of a file, or - for standard input")
  }
}
