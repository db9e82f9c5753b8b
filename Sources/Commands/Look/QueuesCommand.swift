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
      Rates and unacked messages need AMQP_MANAGEMENT_URL; what is unknown is shown as '?'.

      EXAMPLE
        crossdock queues --watch
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Flag(help: "Again every two seconds until Ctrl-C.") var watch = false

  func run() async throws {
    let settings = try settings.load()
    repeat {
      let depths = try await settings.queueDepths()
      format.print(.array(depths.map(\.json))) { Self.table(depths).text }
      guard watch else { return }
      try await Task.sleep(for: .seconds(2))
    } while true
  }

  static func table(_ depths: [QueueDepth]) -> Table {
    var table = Table(
      ["QUEUE", "READY", "UNACKED", "CONSUMERS", "IN/S", "OUT/S", "OLDEST", "DEAD", "DRAINED IN"],
      rightAligned: [1, 2, 3, 4, 5, 6, 7, 8])
    for depth in depths {
      table.append([
        depth.name, text(depth.ready), text(depth.unacked), text(depth.consumers), text(depth.inRate),
        text(depth.outRate), "?", depth.queue == nil ? "" : text(depth.dead),
        depth.secondsToDrain.map { "\(Int($0.rounded(.up)))s" } ?? "?",
      ])
    }
    return table
  }

  private static func text(_ value: Int?) -> String { value.map { String($0) } ?? "?" }
  private static func text(_ value: Double?) -> String {
    value.map { String(($0 * 10).rounded() / 10) } ?? "?"
  }
}

extension Settings {
  /// What waits where, with the management's figures when it is named.
  func queueDepths() async throws -> [QueueDepth] {
    let topology = self.topology
    let depths = try await withBroker { try topology.depths(on: $0) }
    guard let url = managementURL?.revealed, let broker = brokers.first else { return depths }
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    let complete = await Management(url: url, client: client)?.complete(
      depths, virtualHost: broker.virtualHost)
    try await client.shutdown()
    return complete ?? depths
  }
}
