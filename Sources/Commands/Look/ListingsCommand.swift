import ArgumentParser
import Foundation
import JSON
import Marketplaces
import Postgres
import Settings
import StockLedger

/// `crossdock listings`
struct ListingsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "listings",
    abstract: "What is offered where, and which SKU it is.",
    discussion: """
      EXAMPLE
        crossdock listings list --unmapped
      """,
    subcommands: [List.self, Map.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every listing with its SKU and what the ledger has for it.",
      discussion: """
        EXAMPLE
          crossdock listings list --marketplace 1 --format json
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions
    @Option(help: "Only this marketplace id.") var marketplace: Int?
    @Flag(help: "Only those whose SKU the marketplace doesn't say.") var unmapped = false

    func run() async throws {
      let rows = try await settings.load().withDatabase { database in
        try await objects(
          database,
          """
          SELECT jsonb_build_object('id', l.id, 'connection_id', l.connection_id, 'connection', c.name,
                   'marketplace_id', c.marketplace_id, 'listing', l.external_id, 'sku', v.sku,
                   'title', l.title, 'status', l.status, 'price', l.price, 'currency', l.currency,
                   'quantity', l.quantity, 'quantity_as_of', l.quantity_as_of, 'listed_stock', s.listed_stock,
                   'push', p.outcome, 'push_error', p.error)
            FROM listings l
            JOIN platform_connections c ON c.id = l.connection_id
            LEFT JOIN variations v ON v.id = l.variation_id
            LEFT JOIN marketplace_stock s
                   ON s.variation_id = l.variation_id AND s.marketplace_id = c.marketplace_id
            LEFT JOIN stock_pushes p ON p.listing_ref = l.id
           WHERE ($1::bigint IS NULL OR c.marketplace_id = $1)
             AND (NOT $2 OR v.id IS NULL OR (v.sku LIKE 'listing:%' AND NOT v.is_mapped))
           ORDER BY c.marketplace_id, v.sku, l.external_id
          """, [marketplace, unmapped])
      }
      format.print(.array(rows)) {
        Table.of(
          rows,
          [
            ("MARKETPLACE", "marketplace_id"), ("LISTING", "listing"), ("SKU", "sku"), ("SHOWS", "quantity"),
            ("LEDGER", "listed_stock"), ("PUSH", "push"), ("TITLE", "title"),
          ], numbers: [0, 3, 4]
        ).text
      }
    }
  }

  struct Map: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Says which SKU a listing is; what was sold of it meanwhile counts there.",
      discussion: """
        EXAMPLE
          crossdock listings map --connection main --listing 7680001 --sku SKU-0001
        """)

    @OptionGroup var settings: SettingsOptions
    @Option(help: "The connection, by id or name.") var connection: String
    @Option(help: "The marketplace's id of the listing.") var listing: String
    @Option(help: "The SKU that it is; an unknown one is created.") var sku: String
    @Option(help: "Who says so, for the history.") var admin = ProcessInfo.processInfo.userName

    func validate() throws {
      guard !sku.isEmpty else { throw ValidationError("--sku can't be empty") }
    }

    func run() async throws {
      let settings = try settings.load()
      let account = try await withConnections(settings) { try await $0.named(connection) }
      let (listing, sku, admin, threshold) = (listing, sku, admin, settings.lowStockThreshold)
      let change = try await settings.withDatabase { database in
        try await database.withConnection { connection in
          try Mapping.map(
            listing: listing, of: account.id, to: sku, admin: admin, lowThreshold: threshold, on: connection)
        }
      }
      say("listing \(listing) of \(account.name) is \(sku) now: \(change >= 0 ? "+" : "")\(change) there")
    }
  }
}
