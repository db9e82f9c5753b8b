import ArgumentParser
import JSON
import Marketplaces
import Postgres
import Settings

/// `crossdock feeds`
struct FeedsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "feeds",
    abstract: "What is polled, how far, and how it goes.",
    discussion: """
      EXAMPLE
        crossdock feeds list
      """,
    subcommands: [List.self, Pause.self, Resume.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every feed with its cursor, lag and last error.",
      discussion: """
        EXAMPLE
          crossdock feeds list --format json
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions

    func run() async throws {
      let rows = try await settings.load().withDatabase { database in
        try await objects(
          database,
          """
          SELECT jsonb_build_object('connection_id', f.connection_id, 'connection', c.name,
                   'platform', c.platform, 'feed', f.feed, 'status', f.status, 'cursor', f.cursor,
                   'last_polled_at', f.last_polled_at, 'next_due_at', f.next_due_at,
                   'lag_seconds', round(extract(epoch FROM now() - f.last_polled_at)),
                   'last_error', f.last_error)
            FROM feeds f JOIN platform_connections c ON c.id = f.connection_id
           ORDER BY c.marketplace_id, f.feed
          """, [])
      }
      format.print(.array(rows)) {
        Table.of(
          rows,
          [
            ("CONNECTION", "connection"), ("FEED", "feed"), ("STATUS", "status"), ("LAG S", "lag_seconds"),
            ("CURSOR", "cursor"), ("ERROR", "last_error"),
          ], numbers: [3]
        ).text
      }
    }
  }

  struct Pause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stops polling a feed; its cursor stays.",
      discussion: """
        EXAMPLE
          crossdock feeds pause orders --connection main
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var target: FeedTarget

    func run() async throws {
      try await target.setStatus("paused", settings: settings.load())
    }
  }

  struct Resume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Polls a feed again, from where it stopped.",
      discussion: """
        EXAMPLE
          crossdock feeds resume orders --connection main
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var target: FeedTarget

    func run() async throws {
      try await target.setStatus("active", settings: settings.load())
    }
  }
}

/// A feed, of one connection or of all.
struct FeedTarget: ParsableArguments {
  @Argument(help: "offer-events, order-events, orders, listings or disputes.") var feed: Feed
  @Option(help: "Only of this connection, by id or name.") var connection: String?

  func setStatus(_ status: String, settings: Settings) async throws {
    let feed = feed.rawValue
    let changed = try await settings.withDatabase { database in
      try await database.withConnection { [connection] session in
        try session.query(
          """
          UPDATE feeds f SET status = $1, next_due_at = CASE WHEN $1 = 'active' THEN NULL ELSE next_due_at END
            FROM platform_connections c
           WHERE c.id = f.connection_id AND f.feed = $2
             AND ($3::text IS NULL OR c.name = $3 OR c.id::text = lower($3))
          """, [status, feed, connection]
        ).affected
      }
    }
    guard changed > 0 else {
      throw Failure(.found, "no such feed is polled: `crossdock feeds list` shows all")
    }
    say("\(changed) feeds are \(status)")
  }
}

extension Feed: ExpressibleByArgument {}
