import ArgumentParser
import Buyers
import JSON
import Marketplaces
import Postgres
import Settings

/// `crossdock buyers`
struct BuyersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "buyers",
    abstract: "What is held of a buyer, found and erased on request.",
    discussion: """
      EXAMPLE
        crossdock buyers export anna@example.com > anna.json
      """,
    subcommands: [Export.self, Erase.self])

  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints all that is held of a buyer, as one JSON object.",
      discussion: """
        EXAMPLE
          crossdock buyers export anna@example.com
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var target: BuyerTarget

    func run() async throws {
      let data = try await target.find(settings.load()) { try $0.export(on: $1) }
      print(data.description)
    }
  }

  struct Erase: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Erases what names or reaches a buyer; amounts and stock stay.",
      discussion: """
        EXAMPLE
          crossdock buyers erase anna@example.com --connection main --yes
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var target: BuyerTarget
    @Flag(help: "Do it without asking.") var yes = false

    func run() async throws {
      let settings = try settings.load()
      let orders = try await target.find(settings) { data, _ in data.orders.count }
      guard orders > 0 else { throw Failure(.found, "nothing is held of '\(target.buyer)'") }
      try confirm("erase the buyer of \(orders) orders?", yes: yes)
      let rows = try await target.find(settings) { try $0.erase(on: $1) }
      say("\(rows) rows were erased; copies that wait in queues and backups are not reached")
    }
  }
}

/// A buyer, by the marketplace's id or by e-mail address.
struct BuyerTarget: ParsableArguments {
  @Argument(help: "The buyer's id at the marketplace, or the e-mail address.") var buyer: String
  @Option(help: "Only at this connection, by id or name.") var connection: String?

  func find<T: Sendable>(
    _ settings: Settings, _ body: @escaping @Sendable (BuyerData, Connection) throws -> T
  ) async throws -> T {
    var id: MarketplaceConnection?
    if let connection { id = try await withConnections(settings) { try await $0.named(connection) } }
    let (buyer, account) = (buyer, id?.id)
    return try await settings.withDatabase { database in
      try await database.transaction { session in
        try body(try BuyerData.find(buyer: buyer, connectionId: account, on: session), session)
      }
    }
  }
}
