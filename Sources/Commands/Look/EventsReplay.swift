import ArgumentParser
import JSON
import Outbox
import Postgres
import Settings
import Time

extension EventsCommand {
  struct Replay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Publishes stored events again, under their own ids: what had its effect has none again.",
      discussion: """
        EXAMPLE
          crossdock events replay --type order.created --since 2h
        """)

    @OptionGroup var settings: SettingsOptions
    @Option(help: "Only of this connection's id.") var connection: String?
    @Option(help: "Only of this type, such as order.created.") var type: String?
    @Option(help: "Only this event, by the marketplace's id.") var id: String?
    @Option(help: ArgumentHelp("Only those that came since: 30m, 2h.", valueName: "time")) var since:
      TimeSpan?
    @Flag(help: "Only say how many there are.") var dryRun = false

    func validate() throws {
      if connection == nil, type == nil, id == nil, since == nil {
        throw ValidationError("say which: --connection, --type, --id or --since")
      }
    }

    func run() async throws {
      let (wanted, found) = try await settings.load().withDatabase { database in
        try await database.transaction { [connection, type, id, since, dryRun] session in
          let wanted = try Self.wanted(connection, type, id, since?.seconds, on: session)
          let messages = try Self.messages(wanted, on: session)
          if !dryRun { try Outbox.append(messages, on: session) }
          return (wanted.ids.count, messages.count)
        }
      }
      if let id, wanted == 0 {
        throw Failure(
          .found,
          "no stored event has the id \(id) and what else was asked for: `crossdock events list` shows them")
      }
      say("\(found) events are \(dryRun ? "there to be published" : "published") again")
      if found < wanted {
        throw Failure(
          .found, "\(wanted - found) are stored, but were published too long ago to be published again")
      }
    }

    private static func wanted(
      _ connection: String?, _ type: String?, _ id: String?, _ seconds: Int?, on session: Connection
    ) throws -> (ids: Set<String>, since: Timestamp) {
      let rows = try session.query(
        """
        SELECT message_id, created_at FROM webhook_events
         WHERE message_id IS NOT NULL AND ($1::text IS NULL OR connection_id::text = lower($1))
           AND ($2::text IS NULL OR event_type = $2) AND ($3::text IS NULL OR event_id = $3)
           AND ($4::bigint IS NULL OR created_at >= clock_timestamp() - make_interval(secs => $4))
        """, [connection, type, id, seconds])
      return (Set(rows.map { $0.text(0) }), rows.map { $0.timestamp(1) }.min() ?? .now())
    }

    /// The packets keep what was published until their day is dropped.
    private static func messages(
      _ wanted: (ids: Set<String>, since: Timestamp), on session: Connection
    ) throws -> [OutboundMessage] {
      var missing = wanted.ids
      var messages: [OutboundMessage] = []
      let packets = try session.query(
        "SELECT messages FROM outbox WHERE created_at >= $1 ORDER BY id", [wanted.since])
      for packet in packets {
        for message in try Packet.messages(in: packet.bytes(0)) where missing.remove(message.messageId) != nil
        {
          messages.append(message)
        }
      }
      return messages
    }
  }
}
