import ArgumentParser
import Events
import Foundation
import JSON
import Marketplaces
import Outbox
import Postgres
import Settings
import StockLedger
import Time

/// The options of every command that enters stock by hand.
struct StockEntryOptions: ParsableArguments {
  @Option(help: "The marketplace id.") var marketplace: Int
  @Option(help: "The SKU; an unknown one is created.") var sku: String
  @Option(help: ArgumentHelp("Why, for the history.", valueName: "text")) var note: String?
  @Option(help: "Who enters it, for the history.") var admin = ProcessInfo.processInfo.userName

  func validate() throws {
    guard !sku.isEmpty else { throw ValidationError("--sku can't be empty") }
  }
}

extension Database {
  /// The connection of that marketplace id.
  func connection(ofMarketplace id: Int) async throws -> MarketplaceConnection {
    let found = try await withConnection { connection in
      try connection.query(
        "SELECT \(ConnectionRow.columns) FROM platform_connections WHERE marketplace_id = $1", [id]
      ).first.map { try ConnectionRow.read($0) }
    }
    guard let found else {
      throw Failure(.found, "there is no marketplace \(id): `crossdock connections list` shows all")
    }
    return found
  }
}

extension StockCommand {
  struct TopUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "topup",
      abstract: "Books goods in, as an event that the ledger takes.",
      discussion: """
        What goes out otherwise than by an order is counted, and entered with `crossdock stock set`.

        EXAMPLE
          crossdock stock topup --marketplace 1 --sku SKU-0001 --quantity 20 --note "delivery 4711"
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var entry: StockEntryOptions
    @Option(help: "How many pieces, at least 1.") var quantity: Int

    func validate() throws {
      guard (1...1_000_000).contains(quantity) else {
        throw ValidationError("--quantity must be from 1 to 1000000: take out with `crossdock stock set`")
      }
    }

    func run() async throws {
      let (entry, quantity) = (entry, quantity)
      try await settings.load().withDatabase { database in
        let account = try await database.connection(ofMarketplace: entry.marketplace)
        let event = account.event(
          id: account.messageId("topup/" + UUID().uuidString.lowercased()), type: .stockTopup, time: .now(),
          change: nil, observedAt: .now(),
          .topup(Topup(sku: entry.sku, quantity: quantity, adminId: entry.admin, notes: entry.note)))
        try await database.transaction { try Outbox.append([OutboundMessage(event)], on: $0) }
        say("\(quantity) × \(entry.sku) are on their way into the ledger of \(account.name)")
      }
    }
  }

  struct SetQuantity: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set",
      abstract: "Sets what is on hand, or what the marketplaces that share it have, to what was counted.",
      discussion: """
        EXAMPLE
          crossdock stock set --marketplace 1 --sku SKU-0001 --quantity 12 --note "counted"
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var entry: StockEntryOptions
    @Option(help: "How many pieces there are.") var quantity: Int

    func validate() throws {
      guard (0...1_000_000_000).contains(quantity) else {
        throw ValidationError("--quantity must be from 0 to 1000000000")
      }
    }

    func run() async throws {
      let (settings, entry, quantity) = (try settings.load(), entry, quantity)
      let threshold = settings.lowStockThreshold
      let change = try await settings.withDatabase { database in
        let account = try await database.connection(ofMarketplace: entry.marketplace)
        return try await database.withConnection { connection in
          try ManualStock.set(
            sku: entry.sku, to: quantity, at: account.id, admin: entry.admin, note: entry.note,
            lowThreshold: threshold, on: connection)
        }
      }
      say("\(entry.sku) has \(quantity) on hand, \(change >= 0 ? "+" : "")\(change)")
    }
  }

  struct Initialise: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "init",
      abstract: "Fills the ledger from the listings that it knows nothing of yet, with history.",
      discussion: """
        EXAMPLE
          crossdock stock init --marketplace 1
        """)

    @OptionGroup var settings: SettingsOptions
    @Option(help: "Only this marketplace id.") var marketplace: Int?

    func run() async throws {
      let marketplace = marketplace
      let count = try await settings.load().withDatabase { database in
        try await database.transaction { connection in
          let events = try Self.events(marketplace, on: connection)
          try Outbox.append(events, on: connection)
          return events.count
        }
      }
      say("\(count) listings are on their way into the ledger")
    }

    /// A listing's quantity is true as of the moment it was read, so that sales since then still count.
    private static func events(_ marketplace: Int?, on connection: Connection) throws -> [Event] {
      let rows = try connection.query(
        """
        SELECT l.external_id, l.sku, l.quantity, l.quantity_as_of, \(columns)
          FROM listings l JOIN platform_connections c ON c.id = l.connection_id
         WHERE l.quantity IS NOT NULL AND l.quantity_as_of IS NOT NULL
           AND ($1::bigint IS NULL OR c.marketplace_id = $1)
           AND NOT EXISTS (SELECT FROM stock_bases b WHERE b.listing_ref = l.id)
         ORDER BY l.id
        """, [marketplace])
      return try rows.map { row in
        let account = try ConnectionRow.read(row, offset: 4)
        let (listing, asOf) = (row.text(0), row.timestamp(3))
        return account.event(
          id: account.messageId("init/\(listing)@\(asOf)#\(row.int(2))"), type: .inventoryUpdated, time: asOf,
          change: "init", observedAt: asOf,
          .inventory(
            Inventory(listingId: listing, sku: row.optionalText(1), quantity: row.int(2), asOf: asOf)))
      }
    }

    private static let columns = ConnectionRow.columns.split(separator: ",")
      .map { "c." + $0.filter { !$0.isWhitespace } }.joined(separator: ", ")
  }
}
