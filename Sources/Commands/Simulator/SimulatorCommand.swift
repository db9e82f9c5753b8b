import ArgumentParser
import Logging
import ServiceLifecycle
import Simulator
import UnixSignals

/// `crossdock simulator`
struct SimulatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulator",
    abstract: "The marketplaces, simulated, with their truth readable.",
    discussion: """
      Prints its address once it listens, and runs until it is told to end. GET /control/accounts names the accounts,
      with base URLs and credentials for `crossdock connections add`; GET /truth/stock and /truth/orders say what is
      really so; POST /control/stop makes the markets quiet.

      EXAMPLE
        crossdock simulator --orders-per-second 20 --faults some
      """,
    subcommands: [SimulatorConnect.self, SimulatorCompare.self])

  @Option(help: "The port on 127.0.0.1; 0 takes any free one.") var port: UInt16 = 3480
  @Option(help: "The same seed makes the same markets.") var seed: UInt64 = 1
  @Option(help: ArgumentHelp("Orders a second, over all accounts.", valueName: "rate"))
  var ordersPerSecond = 10.0
  @Option(help: "How bad the line to the marketplaces is; the last five are one kind of fault each.")
  var faults = FaultLevel.none
  @Option(help: "Listings of each account.") var listings = 200
  @Option(
    help: ArgumentHelp(
      "The accounts to open, with commas: \(Simulator.accountNames.joined(separator: ", ")). All of them unless given.",
      valueName: "names"))
  var accounts: String?
  @Option(help: "How many requests a minute an account takes before it answers 429.")
  var requestsPerMinute = 9000

  private var chosenAccounts: Set<String> {
    Set((accounts ?? "").split(separator: ",").map { $0.filter { !$0.isWhitespace } })
  }

  func validate() throws {
    guard (0...100_000).contains(ordersPerSecond) else {
      throw ValidationError("--orders-per-second must be from 0 to 100000.")
    }
    guard (1...100_000).contains(listings) else {
      throw ValidationError("--listings must be from 1 to 100000.")
    }
    guard requestsPerMinute > 0 else { throw ValidationError("--requests-per-minute must be at least 1.") }
    if let unknown = chosenAccounts.subtracting(Simulator.accountNames).first {
      let names = Simulator.accountNames.joined(separator: ", ")
      throw ValidationError("There is no account '\(unknown)'; there are \(names).")
    }
  }

  func run() async throws {
    var configuration = Simulator.Configuration()
    configuration.port = Int(port)
    configuration.seed = seed
    configuration.ordersPerSecond = ordersPerSecond
    configuration.faults = faults
    configuration.listings = listings
    configuration.accounts = chosenAccounts
    configuration.requestsPerMinute = requestsPerMinute
    var logger = Logger(label: "simulator")
    logger.logLevel = .error
    let simulator = Simulator(configuration: configuration, logger: logger)
    async let announcement: Void = announce(simulator)
    let group = ServiceGroup(
      configuration: .init(
        services: [simulator], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    do {
      try await group.run()
    } catch {
      throw Failure(.found, "the simulator can't run on port \(port): \(error)")
    }
    await announcement
  }

  private func announce(_ simulator: Simulator) async {
    if let port = await simulator.boundPort { print("http://127.0.0.1:\(port)") }
  }
}

extension FaultLevel: ExpressibleByArgument {}
