import ArgumentParser
import Events
import JSON
import Marketplaces
import Settings

/// `crossdock simulator connect`
struct SimulatorConnect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "connect",
    abstract: "Adds a connection for each account of a running simulator.",
    discussion: """
      EXAMPLE
        crossdock simulator connect --url http://127.0.0.1:8080
        crossdock simulator connect --url http://127.0.0.1:8080 --webhooks http://127.0.0.1:3411
      """)

  @OptionGroup var settings: SettingsOptions
  @Option(help: "Where the simulator is.") var url: String
  @Option(help: "The owner of the connections.") var user = "demo"
  @Option(help: "Platforms, separated by commas, or all.") var marketplaces = "all"
  @Option(help: "The connections that share their stock: none, all, or half: every second one.")
  var pooled = Pooled.none
  @Option(
    help: ArgumentHelp(
      "Where our gateway is: accounts that send webhooks deliver them there from now on. The same as its BASE_URL, which Square signs.",
      valueName: "base-url"))
  var webhooks: String?

  enum Pooled: String, CaseIterable, ExpressibleByArgument { case none, half, all }

  func run() async throws {
    let loaded = try settings.load()
    try await SimulatorClient.with(url) { try await connect(to: $0, loaded) }
  }

  private func connect(to simulator: SimulatorClient, _ settings: Settings) async throws {
    let accounts = try await simulator.accounts()
    let chosen = Set(marketplaces.split(separator: ",").map(String.init))
    let wanted = accounts.filter { chosen.contains("all") || chosen.contains($0.platform) }
    guard !wanted.isEmpty else {
      throw Failure(.usage, "the simulator has no account of '\(marketplaces)'")
    }
    try await withConnections(settings) { store in
      for (number, account) in wanted.enumerated() {
        let connection = try await store.add(try draft(of: account))
        if pooled == .all || (pooled == .half && number % 2 == 0) {
          _ = try await store.setRules(["propagateInventory": true], of: connection.id)
        }
        if let webhooks {
          let url = "\(webhooks)/webhook/\(account.platform)/\(connection.key)"
          _ = try await simulator.post("/control/webhooks?account=\(account.name)", ["url": .string(url)])
        }
        print("\(connection.key) \(account.name)")
      }
    }
  }

  private func draft(of account: SimulatedAccount) throws -> ConnectionDraft {
    guard let platform = Platform(rawValue: account.platform) else {
      throw Failure(.found, "the simulator's platform '\(account.platform)' is unknown here")
    }
    return ConnectionDraft(
      userId: user, platform: platform, name: account.name, baseURL: account.baseURL,
      dialect: .init(rawValue: account.dialect) ?? .live, start: .oldest,
      secrets: Secrets(account.credentials.object))
  }
}
