import ArgumentParser
import JSON
import Settings

/// `crossdock stock`
struct StockCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stock",
    abstract: "The stock ledger.",
    discussion: """
      EXAMPLE
        crossdock stock show --sku SKU-0001
      """,
    subcommands: [Show.self, History.self, TopUp.self, SetQuantity.self, Initialise.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What is on hand and listed.",
      discussion: """
        EXAMPLE
          crossdock stock show --marketplace 1 --format json
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions
    @Option(help: "Only this SKU.") var sku: String?
    @Option(help: "Only this marketplace id.") var marketplace: Int?

    func run() async throws {
      let rows = try await settings.load().withDatabase { database in
        try await objects(
          database,
          """
          SELECT jsonb_build_object('variation_id', s.variation_id, 'sku', v.sku,
                   'marketplace_id', s.marketplace_id, 'on_hand', s.on_hand, 'listed_stock', s.listed_stock,
                   'last_synced_at', s.last_synced_at, 'last_api_quantity', s.last_api_quantity,
                   'updated_at', s.updated_at)
            FROM marketplace_stock s
            LEFT JOIN variations v ON v.id = s.variation_id
           WHERE ($1::text IS NULL OR v.sku = $1) AND ($2::bigint IS NULL OR s.marketplace_id = $2)
           ORDER BY v.sku, s.marketplace_id
          """, [sku, marketplace])
      }
      format.print(.array(rows)) {
        Table.of(
          rows,
          [
            ("SKU", "sku"), ("MARKETPLACE", "marketplace_id"), ("ON HAND", "on_hand"),
            ("LISTED", "listed_stock"), ("UPDATED", "updated_at"),
          ], numbers: [1, 2, 3]
        ).text
      }
    }
  }

  struct History: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every change of a SKU's stock, the newest first.",
      discussion: """
        EXAMPLE
          crossdock stock history --sku SKU-0001 --limit 20
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions
    @Option(help: "The SKU.") var sku: String
    @Option(help: "Only this marketplace id.") var marketplace: Int?
    @Option(help: "At most this many changes.") var limit: Int = 100

    func run() async throws {
      let rows = try await settings.load().withDatabase { database in
        try await objects(
          database,
          """
          SELECT jsonb_build_object('id', h.id, 'marketplace_id', h.marketplace_id,
                   'quantity_before', h.quantity_before, 'quantity_after', h.quantity_after,
                   'quantity_change', h.quantity_change, 'change_type', h.change_type,
                   'external_order_id', h.external_order_id, 'reference_id', h.reference_id,
                   'notes', h.notes, 'occurred_at', h.occurred_at)
            FROM marketplace_stock_history h
            JOIN variations v ON v.id = h.variation_id
           WHERE v.sku = $1 AND ($2::bigint IS NULL OR h.marketplace_id = $2)
           ORDER BY h.id DESC LIMIT $3
          """, [sku, marketplace, limit])
      }
      format.print(.array(rows)) {
        Table.of(
          rows,
          [
            ("OCCURRED", "occurred_at"), ("MARKETPLACE", "marketplace_id"), ("BEFORE", "quantity_before"),
            ("CHANGE", "quantity_change"), ("AFTER", "quantity_after"), ("WHY", "change_type"),
            ("ORDER", "external_order_id"), ("NOTES", "notes"),
          ], numbers: [1, 2, 3, 4]
        ).text
      }
    }
  }
}
