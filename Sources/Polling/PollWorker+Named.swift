import Lane
import Marketplaces
import Outbox
import Postgres
import Time

extension PollWorker {
  /// Reads what webhooks have named of a feed, until nothing is left.
  func readNamed(
    _ job: PollJob, _ account: MarketplaceConnection, _ adapter: any MarketplaceAdapter, attempts: Int
  ) async throws -> Disposition {
    guard job.expiresAt > .now(), try await database.withConnection({ try NamedReads.hold(job, on: $0) })
    else { return .ack }
    for _ in 0..<Self.batchesPerJob {
      guard let named = try await database.withConnection({ try NamedReads.next(job, on: $0) }) else {
        return .ack
      }
      if named.isEmpty {
        guard try await database.transaction({ try NamedReads.release(job, on: $0) }) else { continue }
        return .ack
      }
      if let later = try await read(named, job, account, adapter, attempts: attempts) { return later }
    }
    return try await handOver(job)
  }

  /// Then other feeds have their turn on this lane.
  private static var batchesPerJob: Int { 20 }

  /// Reads some of what is named, and keeps it. Nil when all of it is settled; else how the job goes on later.
  private func read(
    _ named: [NamedReads.Named], _ job: PollJob, _ account: MarketplaceConnection,
    _ adapter: any MarketplaceAdapter, attempts: Int
  ) async throws -> Disposition? {
    var read = Reading()
    do throws(MarketplaceError) {
      read = try await adapter.read(named.map(\.externalId), of: job.feed)
    } catch {
      if case .delay(let failure, let wait) = PollRules(on: error, attempts: attempts).disposition {
        return try await putOff(job, failure, wait)
      }
      // One of them may spoil the answer for all.
      if named.count > 1, error.isAboutOne {
        for one in named {
          if let later = try await self.read([one], job, account, adapter, attempts: attempts) {
            return later
          }
        }
        return nil
      }
      note(job, "\(named.count) named by webhooks are left to the next poll: \(error.description)")
    }
    let kept = read
    try await database.transaction { connection in
      try kept.write(PageWriter(account: account), on: connection)
      try NamedReads.settle(named, of: job, on: connection)
    }
    return nil
  }

  /// The broker may keep the job for long: soon the job of another webhook may try as well.
  private func putOff(_ job: PollJob, _ failure: Failure, _ wait: Duration?) async throws -> Disposition {
    let pause = min(wait ?? .zero, .seconds(10)) + .seconds(5)
    _ = try await database.withConnection { try NamedReads.hold(job, for: pause, on: $0) }
    return .delay(failure, notBefore: wait)
  }

  /// The rest is another job's.
  private func handOver(_ job: PollJob) async throws -> Disposition {
    let next = job.continuation(expiresAt: .now() + .seconds(3_600)).message(at: .now())
    try await database.transaction { connection in
      _ = try NamedReads.hold(job, for: .zero, on: connection)
      try Outbox.append([next], on: connection)
    }
    return .ack
  }
}

/// Orders or listings that were read by their ids.
struct Reading: Sendable {
  var orders: [FeedItem] = []
  var listings: [ListingRead] = []

  /// Keeps them, in the caller's transaction.
  func write(_ writer: PageWriter, on connection: Connection) throws {
    for read in listings.sorted(by: { $0.listing.externalId < $1.listing.externalId }) {
      try writer.write([read.listing], asOf: read.at, on: connection)
    }
    let snapshots = listings.compactMap {
      writer.account.snapshot(of: $0.listing, payload: $0.payload, at: $0.at)
    }
    _ = try writer.write(orders + snapshots, on: connection)
  }
}

extension MarketplaceAdapter {
  /// Reads orders or listings; those that it doesn't have are left out.
  func read(_ ids: [String], of feed: Feed) async throws(MarketplaceError) -> Reading {
    if feed == .listings { return Reading(listings: try await listings(ids)) }
    return Reading(orders: try await orders(ids))
  }
}

extension MarketplaceError {
  /// Whether another of the things that were asked for may be answered.
  fileprivate var isAboutOne: Bool {
    switch self {
    case .malformed, .rejected, .notFound: true
    default: false
    }
  }
}
