import Events
import JSON
import Outbox
import Postgres
import Topology

/// Reads what we hold, and how far the work is.
struct Held: Sendable {
  let database: Database
  let topology: Topology
  /// The queues that this release consumes.
  static let consumed: Set<Queue> = [.stockLedger, .orderSync, .messaging, .disputes, .propagation]

  /// Ledger and orders of these connections, whose ids are mapped to the simulator's account names. Of a shared stock
  /// what should be shown; `unwritten` are connections that share theirs and can't be written to.
  func truth(accounts: [String: String], unwritten: Set<String>) async throws -> Truth {
    let ids = accounts.keys.sorted()
    let shown = ids.filter { !unwritten.contains($0) }
    return try await database.withConnection { connection in
      var held = Truth(stock: [:], orders: [:])
      for row in try connection.query(Self.stock, [shown]) {
        let place = Truth.Place(account: accounts[row.text(0)] ?? "", name: row.text(1))
        held.stock[place] = row.int(2)
      }
      for row in try connection.query(Self.orders, [ids]) {
        let order = try JSON.parse(row.bytes(1))
        let place = Truth.Place(account: accounts[row.text(0)] ?? "", name: order["externalId"].text ?? "")
        held.orders[place] = Truth.Order(order)
      }
      return held
    }
  }

  private static let stock = """
    SELECT c.id::text, v.sku, CASE WHEN p.is_shared THEN s.listed_stock ELSE s.on_hand END
      FROM marketplace_stock s
      LEFT JOIN stock_pools p ON p.id = s.pool_id
      JOIN platform_connections c ON c.marketplace_id = s.marketplace_id
      JOIN variations v ON v.id = s.variation_id
     WHERE c.id::text = ANY($1)
    """

  private static let orders = """
    SELECT o.connection_id::text,
           jsonb_build_object('externalId', o.external_id, 'status', o.status, 'cancelled', o.closed,
             'total', coalesce(o.total::text, ''), 'lines',
             (SELECT coalesce(jsonb_agg(jsonb_build_object('externalId', e.external_id, 'sku', e.sku,
                                                           'quantity', e.quantity)), '[]')
                FROM order_entries e WHERE e.order_id = o.id AND e.kind = 'item'))
      FROM orders o WHERE o.connection_id::text = ANY($1)
    """

  /// The messages to buyers that are to go through a marketplace.
  func messages(accounts: [String: String]) async throws -> [Letters.Message] {
    let ids = accounts.keys.sorted()
    return try await database.withConnection { connection in
      try connection.query(
        """
        SELECT connection_id::text, body, delivery_status, external_order_id FROM messages
         WHERE connection_id::text = ANY($1) AND delivery_status IN ('pending', 'delivered', 'failed')
        """, [ids]
      ).map { row in
        Letters.Message(
          letter: .init(account: accounts[row.text(0)] ?? "", text: row.text(1)), status: row.text(2),
          order: row.text(3))
      }
    }
  }

  /// How much was published for the consumed queues, and how much of it has had its effect.
  struct Account: Sendable, Equatable {
    var events = 0
    /// Deliveries that the events make, over all consumed queues.
    var published = 0
    var effected = 0
    /// Packets that the relay has not published yet.
    var unsent = 0
    var stockRows = 0
    var orders = 0
  }

  /// Read at one moment: two reads would see effects of what the first had not seen published.
  func account() async throws -> Account {
    let topology = topology
    return try await database.transaction { connection in
      try connection.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
      var account = Account()
      var seen: Set<String> = []
      for row in try connection.query("SELECT messages, published_at IS NULL FROM outbox") {
        if row.bool(1) { account.unsent += 1 }
        for message in try Packet.messages(in: row.bytes(0)) {
          guard case .event(let key) = message.route, seen.insert(message.messageId).inserted else {
            continue
          }
          account.published += Self.consumed.intersection(topology.queues(forEvent: key)).count
        }
      }
      account.events = try connection.query("SELECT count(*) FROM webhook_events").first?.int(0) ?? 0
      account.effected = try connection.query("SELECT count(*) FROM inbox").first?.int(0) ?? 0
      account.stockRows = try connection.query("SELECT count(*) FROM marketplace_stock").first?.int(0) ?? 0
      account.orders = try connection.query("SELECT count(*) FROM orders").first?.int(0) ?? 0
      return account
    }
  }

  /// Whether every feed was polled to its end after that many seconds ago.
  func hasPolledAll(within seconds: Double) async throws -> Bool {
    try await database.withConnection { connection in
      let waiting = try connection.query(
        """
        SELECT count(*) FROM feeds
         WHERE status IN ('active', 'failing') AND feed <> 'listings' AND next_due_at IS NOT NULL
           AND (last_polled_at IS NULL OR last_polled_at < clock_timestamp() - make_interval(secs => $1))
        """, [seconds])
      return waiting.first?.int(0) == 0
    }
  }
}
