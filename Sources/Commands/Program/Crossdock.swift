import ArgumentParser

/// The root of the command tree.
struct Crossdock: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crossdock",
    abstract: "Keeps stock, orders, messages and disputes of several marketplaces right.",
    discussion: """
      Settings come from the environment, from the file of --config and from .env; `crossdock doctor` shows them.

      EXAMPLE
        crossdock migrate && crossdock topology apply && crossdock run
      """,
    version: Version.text,
    subcommands: [
      Migrate.self, ConnectionsCommand.self, Token.self, SimulatorCommand.self,
    ])
}
