import ArgumentParser
import AsyncHTTPClient
import Desk
import JSON
import RabbitMQ
import Settings
import Topology

/// `crossdock queues`
struct QueuesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queues",
    abstract: "Every queue: what waits, who consumes, what is dead.",
    discussion: """
      Ready messages, consumers and dead letters are the broker's, exact. Rates, the age of the oldest message and the
      times of handling are what the lanes measure; unacked messages need AMQP_MANAGEMENT_URL, which then gives the
      rates too. What is unknown is shown as '?'.

      EXAMPLE
        crossdock queues --watch
        crossdock queues --max-dead 0 --max-age 10m || page-somebody
      """,
    subcommands: [QueuesEta.self])

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Flag(help: "Again every two seconds until Ctrl-C.") var watch = false
  @Flag(help: "With the times of handling and from publish to commit.") var wide = false
  @Option(help: ArgumentHelp("Exit 1 when more messages wait in a queue.", valueName: "n")) var maxReady: Int?
  @Option(help: ArgumentHelp("Exit 1 when a message has waited longer: 30s, 10m.", valueName: "time"))
  var maxAge: TimeSpan?
  @Option(help: ArgumentHelp("Exit 1 when a queue has more dead letters.", valueName: "n")) var maxDead: Int?

  func run() async throws {
    let settings = try settings.load()
    if watch { return try await redraw(settings) }
    var depths = try await settings.queueDepths()
    if settings.managementURL == nil, depths.contains(where: { $0.outRate != nil }) {
      // What comes in shows only between two looks.
      try await Task.sleep(for: .seconds(1))
      depths = try await settings.queueDepths(since: depths)
    }
    format.print(.array(depths.map(\.json))) {
      Self.table(depths).text + (wide ? "\n\n" + Self.times(depths).text : "")
    }
    let breaches = Thresholds(ready: maxReady, age: maxAge?.seconds, dead: maxDead).breaches(depths)
    if !breaches.isEmpty { throw Failure(.found, breaches.joined(separator: "; ")) }
  }

  private func redraw(_ settings: Settings) async throws {
    var depths: [QueueDepth] = []
    var past: [String: [Int?]] = [:]
    if format.format == .table { print("\u{1B}[2J") }
    while true {
      depths = try await settings.queueDepths(since: depths)
      for depth in depths { past[depth.name] = (past[depth.name] ?? []).suffix(9) + [depth.ready] }
      let (now, trends) = (depths, past)
      format.print(.array(now.map(\.json))) {
        let text = Self.table(now, trends: trends).text + (wide ? "\n\n" + Self.times(now).text : "")
        // Each line is cleared behind its end, so that nothing flickers.
        return "\u{1B}[H"
          + text.split(separator: "\n", omittingEmptySubsequences: false)
          .map { $0 + "\u{1B}[K" }.joined(separator: "\n") + "\u{1B}[J"
      }
      try await Task.sleep(for: .seconds(2))
    }
  }
}

extension QueuesCommand {
  /// Fits into 80 columns; with `trends`, the last figures of `ready` by queue, a line of their course.
  static func table(_ depths: [QueueDepth], trends: [String: [Int?]] = [:]) -> Table {
    let hasTrends = !trends.isEmpty
    var table = Table(
      ["QUEUE", "READY", hasTrends ? "COURSE" : "CONS", "UNACK", "IN/S", "OUT/S", "OLDEST", "DEAD", "DRAIN"],
      rightAligned: hasTrends ? [1, 3, 4, 5, 6, 7, 8] : [1, 2, 3, 4, 5, 6, 7, 8])
    for depth in depths {
      table.append([
        depth.queue?.rawValue ?? "unrouted", Figure.text(depth.ready),
        hasTrends ? Figure.course(trends[depth.name] ?? []) : Figure.text(depth.consumers),
        Figure.text(depth.unacked), Figure.text(depth.inRate), Figure.text(depth.outRate),
        depth.ready == 0 ? "-" : Figure.span(depth.oldestAge),
        depth.queue == nil ? "-" : Figure.text(depth.dead),
        Figure.span(depth.secondsToDrain),
      ])
    }
    return table
  }

  static func times(_ depths: [QueueDepth]) -> Table {
    var table = Table(
      ["QUEUE", "HANDLED IN p50", "p90", "p99", "END TO END p50", "p90", "p99"],
      rightAligned: [1, 2, 3, 4, 5, 6])
    for depth in depths {
      let (handling, whole) = (depth.handling, depth.endToEnd)
      table.append(
        [depth.queue?.rawValue ?? "unrouted"]
          + [
            handling?.half, handling?.ninety, handling?.ninetyNine, whole?.half, whole?.ninety,
            whole?.ninetyNine,
          ].map { Figure.span($0) })
    }
    return table
  }
}

/// How much is too much, for monitoring. A pure value.
struct Thresholds {
  var ready: Int?
  /// Seconds.
  var age: Int?
  var dead: Int?

  /// One sentence for each breach; what is unknown breaks nothing.
  func breaches(_ depths: [QueueDepth]) -> [String] {
    depths.flatMap { depth in
      var found: [String] = []
      if let ready, let waiting = depth.ready, waiting > ready {
        found.append(
          "\(waiting) wait in \(depth.name): are its workers up, or too few? `crossdock queues eta` tells")
      }
      if let age, let oldest = depth.oldestAge, oldest > Double(age) {
        found.append("a message has waited in \(depth.name) for \(Figure.span(oldest))")
      }
      if let dead, let letters = depth.dead, letters > dead {
        found.append("\(letters) dead letters in \(depth.name): `crossdock dlq groups` says why")
      }
      return found
    }
  }
}

extension Settings {
  /// What waits where, with the management's figures when it is named; `earlier` is the look before.
  func queueDepths(since earlier: [QueueDepth] = []) async throws -> [QueueDepth] {
    let desk = DeadLetterDesk(
      brokers: try requiredBrokers(), authorities: brokerAuthorityFile, topology: topology,
      database: databaseURL?.revealed)
    let depths = try await onThread("queues") { try desk.depths(since: earlier) }
    guard let url = managementURL?.revealed, let broker = brokers.first else { return depths }
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    let complete = await Management(url: url, client: client)?.complete(
      depths, virtualHost: broker.virtualHost)
    try await client.shutdown()
    return complete ?? depths
  }
}
