import Postgres

/// How writing to marketplaces that share their stock has come to rest.
struct Settling: Sendable, Equatable {
  /// The most writes of its last quantity that any listing got after the last change of its stock.
  var mostAfterLastChange = 0
  /// Writes while nothing happened any more.
  var inQuiet = 0
  var seconds = 0
  /// Writes of all time.
  var writes = 0

  var problems: [String] {
    var problems: [String] = []
    if mostAfterLastChange > 1 {
      problems.append("a listing was written to \(mostAfterLastChange) times after its last change")
    }
    if inQuiet > 0 { problems.append("\(inQuiet) writes in \(seconds) seconds in which nothing happened") }
    return problems
  }
}

extension Held {
  /// How the writes have settled; `before`: an earlier look, since when none was to come.
  func settling(seconds: Int, since before: Settling?) async throws -> Settling {
    try await database.withConnection { connection in
      let row = try connection.query(Self.settling).first
      let writes = row?.int(1) ?? 0
      return Settling(
        mostAfterLastChange: row?.int(0) ?? 0, inQuiet: before.map { writes - $0.writes } ?? 0,
        seconds: seconds,
        writes: writes)
    }
  }

  /// A write that was under way when the last change came has another quantity, and does not count.
  private static let settling = """
    WITH shared AS (
      SELECT l.id, s.pool_id, s.listed_stock
        FROM marketplace_stock s
        JOIN stock_pools p ON p.id = s.pool_id AND p.is_shared
        JOIN platform_connections c ON c.marketplace_id = s.marketplace_id
        JOIN listings l ON l.variation_id = s.variation_id AND l.connection_id = c.id),
    changed AS (
      SELECT s.pool_id, max(h.created_at) AS at
        FROM stock_history h JOIN marketplace_stock s ON s.id = h.marketplace_stock_id
       WHERE s.pool_id IS NOT NULL AND h.quantity_change <> 0 GROUP BY s.pool_id),
    late AS (
      SELECT l.id, count(*) AS writes
        FROM shared l JOIN changed ON changed.pool_id = l.pool_id
        JOIN stock_bases b ON b.listing_ref = l.id AND b.kind = 'push' AND b.created_at > changed.at
         AND b.quantity = l.listed_stock
       GROUP BY l.id)
    SELECT coalesce((SELECT max(writes) FROM late), 0),
           (SELECT count(*) FROM stock_bases WHERE kind = 'push')
             + (SELECT count(*) FROM stock_pushes WHERE sent_at IS NOT NULL)
    """

  /// How much there was to compare, so that nobody takes silence for proof.
  struct Covered: Sendable, Equatable {
    var conversations = 0
    var messages = 0
    var disputes = 0
    var sharedListings = 0
    var pushes = 0
    var reconciliations = 0
  }

  func covered() async throws -> Covered {
    try await database.withConnection { connection in
      let row = try connection.query(
        """
        SELECT (SELECT count(*) FROM order_conversations WHERE is_opened), (SELECT count(*) FROM order_messages),
               (SELECT count(*) FROM order_disputes),
               (SELECT count(*) FROM marketplace_stock s JOIN stock_pools p ON p.id = s.pool_id AND p.is_shared),
               (SELECT count(*) FROM stock_bases WHERE kind = 'push'),
               (SELECT count(*) FROM reconciliations WHERE status = 'done')
        """
      ).first
      guard let row else { return Covered() }
      return Covered(
        conversations: row.int(0), messages: row.int(1), disputes: row.int(2), sharedListings: row.int(3),
        pushes: row.int(4), reconciliations: row.int(5))
    }
  }
}
