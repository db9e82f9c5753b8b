import ArgumentParser
import Foundation
import JSON
import Postgres
import Reads
import Settings

/// `crossdock activity`
struct ActivityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "activity",
    abstract:
      "What people did, what became of webhooks, and what was written to marketplaces, with how long it took.",
    discussion: """
      EXAMPLE
        crossdock activity list --kind push.message
      """,
    subcommands: [List.self])

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The newest first.",
      discussion: """
        Kinds: webhook.processed, webhook.failed, push.quantity, push.message, and what was asked of the API.

        EXAMPLE
          crossdock activity list --kind webhook.failed --limit 20
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions
    @Option(help: "Only of this connection's id.", transform: Self.id) var connection: UUID?
    @Option(help: "Only of this kind.") var kind: String?
    @Option(help: "At most this many.") var limit: Int = 50

    private static func id(_ text: String) throws -> UUID {
      guard let id = UUID(uuidString: text) else { throw ValidationError("'\(text)' is no connection's id.") }
      return id
    }

    func run() async throws {
      let (kind, limit, scope) = (kind, limit, Scope(owner: nil, connection: connection))
      let rows = try await settings.load().withDatabase { database in
        try await database.withConnection { session in
          try ActivityReads.rows(kind: kind, in: scope, PageWish(limit: limit), on: session)
        }
      }
      format.print(.array(rows)) {
        Table.of(
          rows,
          [
            ("CREATED", "created_at"), ("KIND", "kind"), ("MS", "duration_ms"), ("USER", "user_id"),
            ("CONNECTION", "connection_id"), ("WHAT", "body"),
          ], numbers: [2]
        ).text
      }
    }
  }
}
