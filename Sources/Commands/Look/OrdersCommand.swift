import ArgumentParser
import JSON
import Settings

/// `crossdock orders`
struct OrdersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "orders",
    abstract: "The orders as last heard of.",
    discussion: """
      EXAMPLE
        crossdock orders show 820982911946154508
      """,
    subcommands: [Show.self])

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints an order with its entries, as JSON.",
      discussion: """
        EXAMPLE
          crossdock orders show 820982911946154508
        """)

    @OptionGroup var settings: SettingsOptions
    @Argument(help: "The marketplace's id, the order's number or the internal id.") var order: String

    func run() async throws {
      let rows = try await settings.load().withDatabase { database in
        try await objects(
          database,
          """
          SELECT to_jsonb(o) - 'version' || jsonb_build_object('entries',
                   (SELECT coalesce(jsonb_agg(to_jsonb(e) - 'order_id' ORDER BY e.id), '[]')
                      FROM order_entries e WHERE e.order_id = o.id))
            FROM orders o
           WHERE o.external_id = $1 OR o.number = $1 OR o.id::text = $1
           ORDER BY o.id
          """, [order])
      }
      guard !rows.isEmpty else {
        throw Failure(
          .found,
          "no order is known as \(order): check the id, or read the marketplace's orders with `crossdock poll orders`"
        )
      }
      for row in rows { print(row.description) }
    }
  }
}
