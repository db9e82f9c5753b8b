import Alerts
import Events
package import Lane
package import Logging
package import Marketplaces
import Metrics
import Polling
package import Postgres
import StockLedger
package import Topology

/// Compares a marketplace's listings with the ledger, page by page, and repairs the ledger: the handler of the queue
/// `reconcile`. Each page is a snapshot as of the marketplace's own clock, so that an order that is on its way to us
/// meanwhile is not counted twice.
package struct Reconciliation: JobHandler {
  package let queue = Queue.reconcile

  /// Listings per page; some marketplaces give fewer.
  static let pageSize = 200
  /// Above this share of differing listings somebody should look.
  static let alarming = 0.01

  let database: Database
  let connections: ConnectionStore
  let adapters: Adapters
  let lowThreshold: Int
  let maxAttempts: Int
  let logger: Logger

  package init(
    database: Database, connections: ConnectionStore, adapters: Adapters, lowThreshold: Int, maxAttempts: Int,
    logger: Logger
  ) {
    self.database = database
    self.connections = connections
    self.adapters = adapters
    self.lowThreshold = lowThreshold
    self.maxAttempts = maxAttempts
    self.logger = logger
  }

  package func handle(_ delivery: Job) async -> Disposition {
    guard let job = ReconcileJob.decode(delivery.body) else {
      return .deadLetter(Failure(.badData, place: "decode", "the job names no reconciliation"))
    }
    do {
      switch try await database.transaction({ try Reconciliations.acquire(job.id, on: $0) }) {
      case .over: return .ack
      case .busy:
        return .delay(Failure(.busy, place: "lease", "another worker is at it"), notBefore: .seconds(5))
      case .leased(let lease): return try await reconcile(lease, attempts: delivery.attempts)
      }
    } catch {
      return Dispositions.disposition(for: error)
    }
  }

  private func reconcile(_ lease: Reconciliations.Lease, attempts: Int) async throws -> Disposition {
    do {
      guard let account = try await connections.find(lease.connectionId), account.isEnabled else {
        return try await finish(lease, error: "the connection is disabled or gone")
      }
      let adapter = try adapters.adapter(for: account)
      guard adapter.features.feeds.contains(.listings) else {
        return try await finish(lease, error: "the marketplace has no list of listings")
      }
      return try await read(lease, account, adapter)
    } catch let error as MarketplaceError {
      return try await failed(lease, error, attempts: attempts)
    } catch {
      // The database's trouble; whoever goes on must not wait for the lease to run out.
      try? await database.transaction { try Reconciliations.release(lease, on: $0) }
      throw error
    }
  }

  private func read(
    _ lease: Reconciliations.Lease, _ account: MarketplaceConnection, _ adapter: any MarketplaceAdapter
  ) async throws -> Disposition {
    var reader = LedgerReader(
      connectionId: account.id, platform: account.platform.rawValue, lowThreshold: lowThreshold)
    var cursor = lease.cursor
    while true {
      let page = try await adapter.page(FeedRequest(feed: .listings, cursor: cursor, limit: Self.pageSize))
      guard page.isLast || page.nextCursor != cursor else {
        throw MarketplaceError.malformed("a page that is not the last leads to no further place")
      }
      cursor = page.nextCursor
      let (before, next) = (reader, cursor)
      let written = try await database.withConnection { connection -> LedgerReader? in
        var reader = before
        let isHeld = try Self.write(page, of: account, lease, cursor: next, with: &reader, on: connection)
        return isHeld ? reader : nil
      }
      guard let written else { return .ack }
      reader = written
      if page.isLast { return try await finish(lease, error: nil) }
    }
  }

  /// One page, in a transaction; false when another worker has taken over.
  private static func write(
    _ page: FeedPage, of account: MarketplaceConnection, _ lease: Reconciliations.Lease, cursor: String?,
    with reader: inout LedgerReader, on connection: Connection
  ) throws -> Bool {
    let readings = page.listings.compactMap { listing in
      listing.quantity.map {
        Reading(externalId: listing.externalId, sku: listing.sku, quantity: $0, at: page.observedAt)
      }
    }
    try PageWriter(account: account).write(page.listings, asOf: page.observedAt, on: connection)
    try reader.prepare(readings, on: connection)
    return try connection.transaction { connection in
      let compared = try reader.book(readings, isDryRun: lease.isDryRun, on: connection)
      let differing = compared.filter { $0.ledger != $0.marketplace }
      let result = PageResult(
        calls: page.calls, listings: compared.count, differences: differing,
        repaired: lease.isDryRun ? 0 : differing.count)
      return try Reconciliations.add(result, to: lease, cursor: cursor, on: connection)
    }
  }

  private func finish(_ lease: Reconciliations.Lease, error: String?) async throws -> Disposition {
    let ((listings, differences), alerts) = try await database.transaction { connection in
      let counts = try Reconciliations.finish(lease, error: error, on: connection)
      let isAlarming = Double(counts.differences) > Self.alarming * Double(counts.listings)
      return (counts, isAlarming ? try Self.alarm(lease, counts, on: connection) : [])
    }
    for alert in alerts { logger.warning("alert: \(alert.text)", metadata: ["kind": "\(alert.kind)"]) }
    Counter(label: "crossdock_reconciled_listings_total").increment(by: listings)
    Counter(label: "crossdock_reconciliation_differences_total").increment(by: differences)
    let facts: Logger.Metadata = [
      "connection": "\(lease.connectionId.text)", "listings": "\(listings)", "differences": "\(differences)",
    ]
    if let error {
      logger.warning("a reconciliation failed: \(error)", metadata: facts)
    } else {
      logger.info("a reconciliation has ended", metadata: facts)
    }
    return .ack
  }

  /// The owner hears that more than one in a hundred listings differed, and so do operators: a gateway's watchman sends
  /// what is noted here.
  private static func alarm(
    _ lease: Reconciliations.Lease, _ counts: (listings: Int, differences: Int), on connection: Connection
  ) throws -> [AlertBook.Entry] {
    let rows = try connection.query(
      """
      INSERT INTO notifications (user_id, kind, cause, body)
      SELECT c.user_id, 'reconciliation.alarm', r.id::text,
             jsonb_build_object('connection_id', c.id, 'connection', c.name, 'reconciliation_id', r.id,
                                'listings', r.listings, 'differences', r.differences, 'biggest', r.biggest)
        FROM reconciliations r JOIN platform_connections c ON c.id = r.connection_id
       WHERE r.id = $1 ON CONFLICT DO NOTHING RETURNING body->>'connection'
      """, [lease.id])
    let name = rows.first?.text(0) ?? "a connection"
    let text =
      "\(counts.differences) of \(counts.listings) listings of \(name) differ from the ledger "
      + "(reconciliation \(lease.id)\(lease.isDryRun ? ", a dry run" : ", now repaired"))"
    return try AlertBook.note(
      [Alert(.discrepancies, about: String(lease.id), text)], clearing: false, on: connection)
  }

  private func failed(
    _ lease: Reconciliations.Lease, _ error: MarketplaceError, attempts: Int
  ) async throws -> Disposition {
    let failure: Failure
    switch error {
    case .rateLimited: failure = Failure(.rateLimited, place: "reconcile", error.description)
    case .breakerOpen: failure = Failure(.busy, place: "reconcile", error.description)
    case .unavailable, .network, .malformed, .conflict:
      failure = Failure(.unavailable, place: "reconcile", error.description)
    case .unauthorised, .notFound, .rejected, .cursorIgnored, .unsupported:
      return try await finish(lease, error: error.description)
    }
    if failure.countsAsAttempt && attempts + 1 >= maxAttempts {
      return try await finish(lease, error: error.description)
    }
    try await database.transaction { try Reconciliations.release(lease, on: $0) }
    return .delay(failure, notBefore: error.retryAfter)
  }
}
