import ArgumentParser
import Desk
import JSON
import Postgres
import Settings
import Topology

/// `crossdock watch`
struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "A live view: feeds, queues, rates, stock and order totals, dead letters.",
    discussion: """
      EXAMPLE
        crossdock watch
      """)

  @OptionGroup var settings: SettingsOptions
  @Option(help: "Seconds between two looks.") var every = 1.0
  @Flag(help: "Look once and end.") var once = false

  func validate() throws {
    guard every.isFinite, (0.1...3_600).contains(every) else {
      throw ValidationError("--every must be from 0.1 to 3600")
    }
  }

  func run() async throws {
    let settings = try settings.load()
    try await settings.withDatabase { database in
      var last: Totals?
      repeat {
        let totals = try await Totals.read(database)
        let depths = try await settings.queueDepths()
        let feeds = try await objects(database, Totals.feeds, [])
        print(
          (once ? "" : "\u{1B}[H\u{1B}[2J") + Self.screen(totals, since: last, feeds: feeds, depths: depths))
        last = totals
        if !once { try await Task.sleep(for: .milliseconds(Int(every * 1_000))) }
      } while !once
    }
  }

  private static func screen(
    _ totals: Totals, since last: Totals?, feeds: [JSON], depths: [QueueDepth]
  ) -> String {
    let dead = depths.reduce(0) { $0 + ($1.dead ?? 0) }
    let feeds = Table.of(
      feeds,
      [
        ("FEED", "feed"), ("CONNECTION", "connection"), ("STATUS", "status"), ("LAG S", "lag"),
        ("ERROR", "error"),
      ], numbers: [3])
    return """
      events \(totals.events) (\(totals.rate(\.events, since: last))/s)  orders \(totals.orders) \
      (\(totals.rate(\.orders, since: last))/s)  effects \(totals.effects) (\(totals.rate(\.effects, since: last))/s)
      stock rows \(totals.stockRows)  on hand \(totals.onHand)  oversold \(totals.oversold)  dead letters \(dead)

      \(feeds.text)

      \(QueuesCommand.table(depths).text)
      """
  }
}

/// The totals that the live view shows.
struct Totals: Sendable {
  var events = 0
  var orders = 0
  var effects = 0
  var stockRows = 0
  var onHand = 0
  var oversold = 0
  private var at = ContinuousClock.now

  static func read(_ database: Database) async throws -> Totals {
    try await database.withConnection { connection in
      let row = try connection.query(
        """
        SELECT (SELECT count(*) FROM webhook_events), (SELECT count(*) FROM orders),
               (SELECT count(*) FROM inbox), count(*), coalesce(sum(on_hand), 0)::bigint,
               count(*) FILTER (WHERE on_hand < 0)
          FROM marketplace_stock
        """
      ).first
      var totals = Totals()
      guard let row else { return totals }
      (totals.events, totals.orders, totals.effects) = (row.int(0), row.int(1), row.int(2))
      (totals.stockRows, totals.onHand, totals.oversold) = (row.int(3), row.int(4), row.int(5))
      return totals
    }
  }

  static let feeds = """
    SELECT jsonb_build_object('feed', f.feed, 'connection', c.name, 'status', f.status,
             'lag', round(extract(epoch FROM now() - f.last_polled_at)), 'error', left(f.last_error, 60))
      FROM feeds f JOIN platform_connections c ON c.id = f.connection_id
     ORDER BY c.marketplace_id, f.feed
    """

  func rate(_ figure: KeyPath<Totals, Int>, since last: Totals?) -> String {
    guard let last else { return "?" }
    let seconds = max((at - last.at) / .seconds(1), 0.001)
    return String((Double(self[keyPath: figure] - last[keyPath: figure]) / seconds * 10).rounded() / 10)
  }
}
