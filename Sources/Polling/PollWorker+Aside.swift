import Lane
import Logging
import Marketplaces
import Postgres
import Time

extension PollWorker {
  /// Reads a few listings again (Rule 9), without touching where the feed stands.
  func reread(
    _ job: PollJob, _ account: MarketplaceConnection, _ adapter: any MarketplaceAdapter, attempts: Int
  ) async throws -> Disposition {
    guard job.expiresAt > .now() else { return .ack }
    let reads: [String: ListingRead?]
    do {
      reads = try await concurrently(job.listings) { id throws(MarketplaceError) in
        try await adapter.find(id)
      }
    } catch {
      return PollRules(on: error, attempts: attempts).disposition
    }
    let found = reads.values.compactMap { $0 }
    let items = found.compactMap { account.snapshot(of: $0.listing, payload: $0.payload, at: $0.at) }
    try await database.transaction { connection in
      let writer = PageWriter(account: account)
      for read in found.sorted(by: { $0.listing.externalId < $1.listing.externalId }) {
        try writer.write([read.listing], asOf: read.at, on: connection)
      }
      _ = try writer.write(items, on: connection)
    }
    return .ack
  }

  /// Reads a few orders that a webhook has named, without touching where the feed stands. One that the marketplace
  /// doesn't know is nobody's failure.
  func fetch(
    _ job: PollJob, _ account: MarketplaceConnection, _ adapter: any MarketplaceAdapter, attempts: Int
  ) async throws -> Disposition {
    let read: [String: FeedItem?]
    do {
      read = try await concurrently(job.orders) { id throws(MarketplaceError) in
        try await adapter.findOrder(id)
      }
    } catch {
      return PollRules(on: error, attempts: attempts).disposition
    }
    let items = read.sorted { $0.key < $1.key }.compactMap(\.value)
    try await database.transaction { connection in
      _ = try PageWriter(account: account).write(items, on: connection)
    }
    return .ack
  }

  /// A dry run: asks the marketplace, counts, and changes nothing but the record of runs.
  func rehearse(
    _ job: PollJob, _ account: MarketplaceConnection, _ adapter: any MarketplaceAdapter
  ) async throws -> Disposition {
    let (feeds, runs) = (self.feeds, self.runs)
    let (runId, position, now) = try await database.withConnection { connection in
      let now = try connection.query("SELECT clock_timestamp()").first?.timestamp(0) ?? .now()
      return (
        try runs.begin(job, on: connection), try feeds.peek(job.feed, of: account.id, on: connection), now
      )
    }
    let lease = FeedStore.Lease.none(of: account.id, job.feed, at: position, now: now)
    var run = PollRun(
      account: account, adapter: adapter, job: job, database: database, settings: settings(), lease: lease)
    var failure: MarketplaceError?
    do {
      try await run.rehearse()
    } catch let error as MarketplaceError {
      failure = error
    }
    let (counts, error) = (run.counts, failure?.description)
    try await database.withConnection {
      try runs.finish(runId, of: job, counts, error: error, on: $0)
    }
    return .ack
  }

  /// Acks a job that is of no more use, and frees its slot.
  func drop(_ job: PollJob, _ reason: String) async throws -> Disposition {
    let (feeds, runs) = (self.feeds, self.runs)
    try await database.withConnection { connection in
      try feeds.forget(slot: job.jobId, of: job.feed, connectionId: job.connectionId, on: connection)
      try runs.refuse(job, reason, on: connection)
    }
    note(job, reason)
    return .ack
  }

  func note(_ job: PollJob, _ reason: String) {
    logger.info("a poll job is dropped: \(reason)", metadata: ["job": "\(job.messageId)"])
  }
}

extension MarketplaceAdapter {
  /// Reads one listing now; nil when there is none of that id.
  fileprivate func find(_ listingId: String) async throws(MarketplaceError) -> ListingRead? {
    do {
      return try await listing(listingId)
    } catch {
      guard case .notFound = error else { throw error }
      return nil
    }
  }

  /// Reads one order now; nil when there is none of that id.
  fileprivate func findOrder(_ orderId: String) async throws(MarketplaceError) -> FeedItem? {
    do {
      return try await order(orderId)
    } catch {
      guard case .notFound = error else { throw error }
      return nil
    }
  }
}
