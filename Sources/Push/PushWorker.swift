import JSON
package import Lane
package import Logging
package import Marketplaces
import Metrics
package import Postgres
import StockLedger
import Time
package import Topology

/// Writes to marketplaces: the handler of the queue `push`.
package struct PushWorker: JobHandler {
  package let queue = Queue.push

  let database: Database
  let connections: ConnectionStore
  let adapters: Adapters
  let logger: Logger
  let maxAttempts: Int
  let store: PushStore

  /// `maxAttempts`: how often a job may fail before it is a dead letter. `lowThreshold`: as of the stock ledger.
  package init(
    database: Database, connections: ConnectionStore, adapters: Adapters, maxAttempts: Int, lowThreshold: Int,
    logger: Logger
  ) {
    self.database = database
    self.connections = connections
    self.adapters = adapters
    self.maxAttempts = maxAttempts
    self.logger = logger
    store = PushStore(lowThreshold: lowThreshold)
  }

  package func handle(_ delivery: Job) async -> Disposition {
    do {
      switch PushJob.decode(delivery.body) {
      case .listing(let listing): return try await push(listing, attempts: delivery.attempts)
      case .message(let message): return try await deliver(message, attempts: delivery.attempts)
      case .product(let wish): return try await push(wish, attempts: delivery.attempts)
      case nil:
        return .deadLetter(
          Failure(.badData, place: "decode", "the job names neither a listing nor a product nor a message"))
      }
    } catch {
      return Dispositions.disposition(for: error)
    }
  }

  // MARK: A quantity

  private func push(_ listing: Int, attempts: Int) async throws -> Disposition {
    let store = store
    let claimed = try await database.transaction { try store.claim(listing, on: $0) }
    switch claimed {
    case .none: return .ack
    case .busy(let why): return .delay(Failure(.busy, place: "lease", why), notBefore: .seconds(2))
    case .claim(let claim): return try await push(claim, attempts: attempts)
    }
  }

  private func push(_ claim: Claim, attempts: Int) async throws -> Disposition {
    guard let account = try await connections.find(claim.target.connectionId), account.isEnabled,
      let adapter = try? adapters.adapter(for: account), adapter.features.stockWrite != .none
    else { return try await finish(claim, "unsupported") }
    let started = ContinuousClock.now
    do {
      if let unresolved = claim.unresolved {
        let base = try await resolution(of: unresolved, claim, adapter)
        try await committed { try $0.resolve(claim, base, on: $1) }
        return try await push(claim.listing, attempts: attempts)
      }
      if claim.target.expected == claim.target.quantity { return try await finish(claim, "current") }
      if account.mode == .shadow { return try await shadow(claim) }
      guard try await committed({ try $0.intend(claim, on: $1) }) else {
        return .delay(Failure(.busy, place: "lease", "another worker writes to the listing"))
      }
      let base = try await write(claim, adapter)
      let activity = activity(claim, "pushed", since: started)
      try await committed { store, connection in
        try store.confirm(claim, base, on: connection)
        try activity.note(on: connection)
      }
      count("pushed")
      return .ack
    } catch let error as MarketplaceError {
      return try await failed(claim, error, attempts: attempts, since: started)
    }
  }

  /// Writes, and answers the base that the marketplace's answer makes: in force since some moment of the call.
  private func write(
    _ claim: Claim, _ adapter: any MarketplaceAdapter
  ) async throws(MarketplaceError) -> Base {
    let started = ContinuousClock.now
    let written = try await adapter.setQuantity(
      of: claim.target.externalId, to: claim.target.quantity, replacing: claim.target.expected,
      idempotencyKey: claim.key)
    return Base(
      at: written.at, kind: .push, quantity: written.quantity, id: "push/\(claim.key)",
      since: written.at - (ContinuousClock.now - started))
  }

  /// What a write without an answer has led to: when the listing has the quantity now, it was taken; else the reading
  /// is a snapshot like any other.
  private func resolution(
    of unresolved: (quantity: Int, at: Timestamp), _ claim: Claim, _ adapter: any MarketplaceAdapter
  ) async throws(MarketplaceError) -> Base {
    let read = try await adapter.listing(claim.target.externalId)
    guard let quantity = read.listing.quantity else {
      throw .malformed("listing \(claim.target.externalId) has no quantity")
    }
    let wasTaken = quantity == unresolved.quantity
    return Base(
      at: read.at, kind: wasTaken ? .push : .snapshot, quantity: quantity, id: "readback/\(claim.key)",
      since: wasTaken ? unresolved.at : nil)
  }

  private func finish(_ claim: Claim, _ outcome: String) async throws -> Disposition {
    try await committed { try $0.finish(claim, outcome: outcome, on: $1) }
    count(outcome)
    return .ack
  }

  /// What would be written is recorded instead.
  private func shadow(_ claim: Claim) async throws -> Disposition {
    try await committed { store, connection in
      try Shadow.note(
        .quantity, of: claim.target.connectionId, target: claim.target.externalId,
        [
          "quantity": .integer(claim.target.quantity),
          "instead_of": .text(claim.target.expected.map { "\($0)" }),
        ],
        on: connection)
      try store.finish(claim, outcome: "shadow", on: connection)
    }
    count("shadow")
    return .ack
  }

  private func failed(
    _ claim: Claim, _ error: MarketplaceError, attempts: Int, since started: ContinuousClock.Instant
  ) async throws -> Disposition {
    let activity = activity(claim, "failed", error.description, since: started)
    let rules = PushRules(on: error)
    let isLast = rules.isLast(attempts: attempts, of: maxAttempts)
    // An earlier write of which nothing is known yet stays so when its reading fails.
    let mayHaveLanded = rules.mayHaveLanded || claim.unresolved != nil
    let isConflict = error.errorClass == .conflict
    try await committed { store, connection in
      try store.fail(
        claim, error.description, mayHaveLanded: mayHaveLanded, isLast: isLast, on: connection)
      try activity.note(on: connection)
      if isConflict { try PushLedger.reread(claim.target, on: connection) }
    }
    count("failed")
    logger.warning(
      "a quantity could not be written: \(error)",
      metadata: ["connection": "\(claim.target.connectionId)", "listing": "\(claim.target.externalId)"])
    return rules.disposition
  }

  private func activity(
    _ claim: Claim, _ outcome: String, _ error: String? = nil, since started: ContinuousClock.Instant
  ) -> PushActivity {
    PushActivity(
      kind: .quantity, connection: claim.target.connectionId, outcome: outcome, since: started,
      details: [
        "listingId": .string(claim.target.externalId), "quantity": .integer(claim.target.quantity),
        "instead_of": .text(claim.target.expected.map { "\($0)" }), "error": .text(error),
      ])
  }

  private func committed<T: Sendable>(
    _ body: @escaping @Sendable (PushStore, Connection) throws -> T
  ) async throws -> T {
    let store = store
    return try await database.transaction { try body(store, $0) }
  }

  func count(_ outcome: String) {
    Counter(label: "crossdock_pushes_total", dimensions: [("outcome", outcome)]).increment()
  }
}
