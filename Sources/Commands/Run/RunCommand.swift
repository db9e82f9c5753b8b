import ArgumentParser
import Settings

/// `crossdock run`
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Every role in one process.",
    discussion: """
      Ends on SIGTERM or Ctrl-C after finishing what is in hand, within 30 s.

      EXAMPLE
        crossdock run
      """)

  @OptionGroup var settings: SettingsOptions

  func run() async throws {
    let settings = try settings.load()
    var assembly = try Assembly(settings)
    try await assembly.checkServers()
    try assembly.add(Role.allCases)
    try assembly.addScheduler()
    try assembly.addRoutes()
    try await assembly.run(port: settings.gatewayPort, isGateway: true)
  }
}

/// `crossdock scheduler`
struct SchedulerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler",
    abstract: "Fires the feeds that are due; any number may run, one leads.",
    discussion: """
      EXAMPLE
        crossdock scheduler
      """)

  @OptionGroup var settings: SettingsOptions

  func run() async throws {
    let settings = try settings.load()
    var assembly = try Assembly(settings)
    try await assembly.checkServers()
    try assembly.addScheduler()
    try await assembly.run(port: settings.metricsPort, isGateway: false)
  }
}

/// `crossdock worker`
struct WorkerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker",
    abstract: "Consumes queues; start as many as there is work.",
    discussion: """
      EXAMPLE
        crossdock worker --role stock-ledger --lanes 2
      """)

  @OptionGroup var settings: SettingsOptions
  @Option(help: "What it does; may be given several times. None named: everything.") var role: [Role] = []
  @Option(help: ArgumentHelp("Lanes per queue.", valueName: "n")) var lanes: Int?

  func validate() throws {
    if let lanes, !(1...64).contains(lanes) { throw ValidationError("--lanes must be from 1 to 64") }
  }

  func run() async throws {
    var settings = try settings.load()
    if let lanes { settings.lanes = lanes }
    var assembly = try Assembly(settings)
    try await assembly.checkServers()
    try assembly.add(role.isEmpty ? Role.allCases : role)
    try await assembly.run(port: settings.metricsPort, isGateway: false)
  }
}

/// `crossdock gateway`
struct GatewayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gateway",
    abstract: "Serves HTTP: webhooks, the API, the dashboard, health and metrics.",
    discussion: """
      EXAMPLE
        API_GATEWAY_PORT=8080 crossdock gateway
      """)

  @OptionGroup var settings: SettingsOptions

  func run() async throws {
    let settings = try settings.load()
    var assembly = try Assembly(settings)
    try await assembly.checkServers()
    try assembly.addRoutes()
    try await assembly.run(port: settings.gatewayPort, isGateway: true)
  }
}
