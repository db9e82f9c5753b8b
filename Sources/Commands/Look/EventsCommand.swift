import ArgumentParser
import JSON
import Settings

/// `crossdock events`
struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events",
    abstract: "The events as the marketplaces sent them.",
    discussion: """
      EXAMPLE
        crossdock events list --status failed
      """,
    subcommands: [List.self, Replay.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The newest events first.",
      discussion: """
        EXAMPLE
          crossdock events list --type order.created --limit 20
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions
    @Option(help: "Only of this connection's id.") var connection: String?
    @Option(help: "Only of this type, such as order.created.") var type: String?
    @Option(help: "received, published, skipped, processed or failed.") var status: String?
    @Option(help: "At most this many.") var limit: Int = 50

    func run() async throws {
      let rows = try await settings.load().withDatabase { database in
        try await objects(
          database,
          """
          SELECT jsonb_build_object('id', id, 'connection_id', connection_id, 'event_id', event_id,
                   'event_type', event_type, 'source', source, 'status', status,
                   'processing_error', processing_error, 'retry_count', retry_count,
                   'occurred_at', occurred_at, 'created_at', created_at, 'processed_at', processed_at)
            FROM webhook_events
           WHERE ($1::text IS NULL OR connection_id::text = lower($1))
             AND ($2::text IS NULL OR event_type = $2) AND ($3::text IS NULL OR status = $3)
           ORDER BY id DESC LIMIT $4
          """, [connection, type, status, limit])
      }
      format.print(.array(rows)) {
        Table.of(
          rows,
          [
            ("CREATED", "created_at"), ("TYPE", "event_type"), ("STATUS", "status"), ("EVENT", "event_id"),
            ("CONNECTION", "connection_id"), ("ERROR", "processing_error"),
          ]
        ).text
      }
    }
  }
}
