import ArgumentParser
import Desk
import JSON
import Settings
import Topology

/// `crossdock queues eta`
struct QueuesEta: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eta",
    abstract: "How long a queue takes to empty, and whether more workers would help.",
    discussion: """
      From what the lanes of the queue have measured: how long a message takes, how much of it is waiting for Postgres,
      and, where they ran in other numbers within the last day, what one more was worth.

      EXAMPLE
        crossdock queues eta stock-ledger --workers +3
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Argument(help: "The work queue.") var queue: Queue
  @Option(help: ArgumentHelp("So many lanes more, or fewer: +3, -1.", valueName: "±n")) var workers = Change(
    0)

  func run() async throws {
    let settings = try settings.load()
    let (desk, queue, change) = (try settings.desk(), queue, workers.lanes)
    let before = try await settings.queueDepths()
    try await Task.sleep(for: .seconds(1))
    let depths = try await settings.queueDepths(since: before)
    let depth = depths.first { $0.queue == queue } ?? QueueDepth(queue: queue, name: queue.rawValue)
    let estimate = try await onThread("desk") {
      try desk.estimate(queue, additionalLanes: change, depth: depth)
    }
    guard let estimate else {
      throw Failure(
        .found,
        "nothing was measured for \(queue.rawValue) in the last minutes: start its workers and ask again")
    }
    format.print(estimate.json) { Self.text(estimate, queue) }
  }

  private static func text(_ estimate: Estimate, _ queue: Queue) -> String {
    let share = Int((estimate.databaseShare * 100).rounded())
    let why =
      switch estimate.limit {
      case .arrivals: "the lanes wait for messages: more of them change nothing"
      case .workers: "the workers are the limit: more of them help"
      case .postgres: "Postgres is the limit: more workers help little, a faster database does"
      }
    return """
      \(queue.rawValue): \(estimate.ready) ready; \(estimate.lanes) lanes can handle \
      \(Figure.text(estimate.rate))/s, \(share) % of their time waiting for Postgres
      with \(estimate.newLanes) lanes: about \(Figure.text(estimate.newRate))/s, empty in \
      \(estimate.seconds.map { Figure.span($0) } ?? "no foreseeable time: more comes in")
      \(why) (\(estimate.isSeen ? "seen in the last day" : "concluded from the times alone"))
      """
  }
}

/// A number of lanes more or fewer: `+3`, `3`, `-1`.
struct Change: ExpressibleByArgument {
  var lanes: Int

  init(_ lanes: Int) { self.lanes = lanes }

  init?(argument: String) {
    guard let count = Int(argument.hasPrefix("+") ? String(argument.dropFirst()) : argument),
      abs(count) <= 10_000
    else { return nil }
    lanes = count
  }

  var defaultValueDescription: String { "+\(lanes)" }
}
