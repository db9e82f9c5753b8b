import ArgumentParser
import JSON
import RabbitMQ
import Settings
import Topology

/// `crossdock topology`
struct TopologyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology",
    abstract: "The exchanges, queues and bindings in RabbitMQ.",
    discussion: """
      EXAMPLE
        crossdock topology apply
      """,
    subcommands: [Apply.self, Check.self, Show.self])

  struct Apply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Declares what is missing; what is there stays.",
      discussion: """
        EXAMPLE
          CROSSDOCK_NAMESPACE=staging crossdock topology apply
        """)

    @OptionGroup var settings: SettingsOptions

    func run() async throws {
      let settings = try settings.load()
      let topology = settings.topology
      try await settings.withBroker { try topology.apply(on: $0) }
      say("\(topology.queues.count) queues of \(topology.namespace) are declared")
    }
  }

  struct Check: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reports how the broker differs, changing nothing; exits 1 when it does.",
      discussion: """
        EXAMPLE
          crossdock topology check --format json
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions

    func run() async throws {
      let settings = try settings.load()
      let topology = settings.topology
      let drifts = try await settings.withBroker { try topology.check(on: $0) }
      format.print(.array(drifts.map { .string($0.description) })) {
        drifts.isEmpty
          ? "the broker has the topology of \(topology.namespace)"
          : drifts.map(\.description).joined(separator: "\n")
      }
      if !drifts.isEmpty { throw Failure(.found, "") }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints what is to be declared, without a broker.",
      discussion: """
        EXAMPLE
          crossdock topology show --definitions > definitions.json
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions
    @Flag(help: "As a file that `rabbitmqctl import_definitions` takes, for the virtual host of AMQP_URL.")
    var definitions = false

    func run() async throws {
      let settings = try settings.load()
      let topology = settings.topology
      guard !definitions else {
        print(topology.definitions(virtualHost: settings.brokers.first?.virtualHost ?? "/").description)
        return
      }
      format.print(topology.json) { topology.text }
    }
  }
}
