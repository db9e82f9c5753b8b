import JSON
import Marketplaces
import Outbox
import Postgres
import Time

/// One run of a job over a leased feed: page after page, each in a transaction of its own.
struct PollRun: Sendable {
  let account: MarketplaceConnection
  let adapter: any MarketplaceAdapter
  let job: PollJob
  let database: Database
  let settings: PollSettings
  var lease: FeedStore.Lease
  var counts = PollCounts()
  /// Whether a continuation was published that holds the feed's slot now.
  var isContinued = false

  /// How long a continuation may wait for a worker.
  static let continuationLife: Duration = .seconds(3600)

  mutating func run() async throws {
    try await prepare()
    let pages = job.maxPages ?? settings.maxPages
    for number in 1...max(pages, 1) {
      let position = opened(lease.position)
      let page = try await adapter.page(position.request(job.feed, limit: limit))
      let next = position.after(page, of: job.feed)
      if !page.isLast, next == position {
        throw MarketplaceError.malformed("a page that is not the last leads to no further place")
      }
      try await commit(page, movingTo: next, isFull: number == pages && !page.isLast)
      if page.isLast { return }
    }
  }

  /// The pages of a dry run: read and counted, but nothing is kept or moved.
  mutating func rehearse() async throws {
    var position = lease.position
    for _ in 1...max(job.maxPages ?? settings.maxPages, 1) {
      position = opened(position)
      let page = try await adapter.page(position.request(job.feed, limit: limit))
      let (writer, items) = (PageWriter(account: account), wanted(page.items))
      count(page, new: try await database.withConnection { try writer.countNew(items, on: $0) })
      let next = position.after(page, of: job.feed)
      if page.isLast || next == position { return }
      position = next
    }
  }

  private var limit: Int { job.batchSize ?? settings.pageSize(of: job.feed) }

  private func opened(_ position: FeedPosition) -> FeedPosition {
    var position = position
    position.open(
      job.feed, at: lease.now, lookback: job.lookback ?? settings.lookback, overlap: settings.lookback,
      floor: job.lookback == nil ? account.historyBegin(at: lease.now) : nil)
    return position
  }

  /// Before the first poll of a connection that begins with what is latest, the cursors are set to the present end of
  /// the journals: before its listings are read, so that nothing falls between the two.
  private mutating func prepare() async throws {
    guard lease.isFresh, account.start == .latest else { return }
    let feeds =
      job.feed == .listings ? adapter.features.feeds : adapter.features.feeds.intersection([job.feed])
    for feed in feeds.filter({ $0.shape == .cursor }).sorted(by: { $0.rawValue < $1.rawValue }) {
      guard feed != job.feed || lease.position.cursor == nil else { continue }
      guard let latest = try await adapter.latestCursorIfAny(of: feed) else { continue }
      let id = account.id
      try await database.transaction { connection in
        try FeedStore().begin(feed, of: id, after: latest, on: connection)
      }
      if feed == job.feed { lease.position.cursor = latest }
    }
  }

  private mutating func commit(_ page: FeedPage, movingTo next: FeedPosition, isFull: Bool) async throws {
    let (lease, account, job, settings) = (self.lease, self.account, self.job, self.settings)
    let items = wanted(page.items)
    let new = try await database.transaction { connection in
      try FeedStore().move(lease, to: next, renewingFor: settings.lease, on: connection)
      let writer = PageWriter(account: account)
      try writer.write(page.listings, asOf: page.observedAt, on: connection)
      let new = try writer.write(items, for: job.runId, on: connection)
      if isFull {
        let continuation = job.continuation(expiresAt: lease.now + Self.continuationLife)
        try FeedStore().note(
          slot: continuation.jobId, expiresAt: continuation.expiresAt, of: job.feed, connectionId: account.id,
          on: connection)
        try Outbox.append([continuation.message(at: lease.now)], on: connection)
      }
      return new
    }
    self.lease.position = next
    isContinued = isContinued || isFull
    count(page, new: new)
  }

  /// Without what happened before a connection's history begins.
  private func wanted(_ items: [FeedItem]) -> [FeedItem] {
    guard job.feed.shape == .cursor, case .at(let begin) = account.start else { return items }
    return items.filter { $0.raw.occurredAt >= begin }
  }

  private mutating func count(_ page: FeedPage, new: Int) {
    counts.pages += 1
    counts.calls += page.calls
    counts.events += page.items.count
    counts.newEvents += new
    counts.skipped += page.items.count { if case .event = $0.meaning { false } else { true } }
  }
}

extension MarketplaceConnection {
  /// Where the history of this connection begins.
  func historyBegin(at now: Timestamp) -> Timestamp {
    switch start {
    case .latest: createdAt
    case .at(let time): time
    // No marketplace lists orders older than a year.
    case .oldest: now - .seconds(365 * 86_400)
    }
  }
}

extension MarketplaceAdapter {
  /// Nil also where the marketplace doesn't have the feed; its own poll will say so.
  fileprivate func latestCursorIfAny(of feed: Feed) async throws(MarketplaceError) -> String? {
    do {
      return try await latestCursor(of: feed)
    } catch {
      guard case .notFound = error else { throw error }
      return nil
    }
  }
}
