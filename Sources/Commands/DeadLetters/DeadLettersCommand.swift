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
      EXAMPLE
        crossdock dlq groups
      """,
    subcommands: [
      DeadLettersList.self, DeadLettersGroups.self, DeadLettersShow.self, DeadLettersRequeue.self,
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
