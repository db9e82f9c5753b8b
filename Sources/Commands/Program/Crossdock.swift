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
      RunCommand.self, SchedulerCommand.self, WorkerCommand.self, GatewayCommand.self, Migrate.self,
      TopologyCommand.self, ConnectionsCommand.self, FeedsCommand.self, PollCommand.self,
      ReconcileCommand.self, QueuesCommand.self, DeadLettersCommand.self, AuditCommand.self,
      MaintenanceCommand.self, StockCommand.self, ListingsCommand.self, ModeratorsCommand.self,
      BuyersCommand.self, ImportCommand.self,
      OrdersCommand.self,
      EventsCommand.self, ActivityCommand.self, WatchCommand.self, SimulatorCommand.self, Token.self,
      Doctor.self,
    ])
}
