import JSON
import Lane
import Logging
import Marketplaces
import Postgres

extension PushWorker {
  /// Brings a connection's listing of a variation to what another connection of the owner said of it last.
  func push(_ wish: ProductWishes.Wish, attempts: Int) async throws -> Disposition {
    let claimed = try await database.transaction { try ProductPushes.claim(wish, on: $0) }
    guard case .claim(let claim) = claimed else {
      guard case .busy = claimed else { return .ack }
      return .delay(
        Failure(.busy, place: "lease", "another worker writes the product"), notBefore: .seconds(2))
    }
    guard let account = try await connections.find(wish.connectionId), account.isEnabled,
      let adapter = try? adapters.adapter(for: account), adapter.features.writesProducts
    else { return try await finish(claim, .unsupported) }
    let decision = ProductDecision(
      source: claim.source, own: claim.own, written: claim.written, listing: claim.listing, tags: claim.tags,
      rules: SyncRules(account.syncRules))
    if case .nothing(let outcome) = decision { return try await finish(claim, outcome) }
    if account.mode == .shadow { return try await shadow(claim, decision) }
    do {
      return try await perform(decision, claim, adapter)
    } catch let error as MarketplaceError {
      return try await failed(claim, error, attempts: attempts)
    }
  }

  /// Each of them may be done again: a SKU is created once, a change is of absolute values, what is gone is gone.
  private func perform(
    _ decision: ProductDecision, _ claim: ProductClaim, _ adapter: any MarketplaceAdapter
  ) async throws -> Disposition {
    switch decision {
    case .create(let draft):
      let listing = try await adapter.create(draft)
      return try await finish(claim, .created, written: draft, listing: listing)
    case .update(let listing, let draft):
      try await adapter.update(listing: listing, to: draft)
      return try await finish(claim, .updated, written: draft)
    case .delete(let listing):
      try await adapter.delete(listing: listing)
      return try await finish(claim, .deleted, listing: listing)
    case .nothing(let outcome): return try await finish(claim, outcome)
    }
  }

  private func finish(
    _ claim: ProductClaim, _ outcome: ProductDecision.Outcome, written: ProductDraft? = nil,
    listing: String? = nil
  ) async throws -> Disposition {
    try await database.transaction {
      try ProductPushes.finish(claim, outcome, written: written, listing: listing, on: $0)
    }
    count("product_" + outcome.rawValue)
    return .ack
  }

  private func shadow(_ claim: ProductClaim, _ decision: ProductDecision) async throws -> Disposition {
    let (target, body): (String, JSON) =
      switch decision {
      case .create(let draft): (draft.sku, ["create": draft.json])
      case .update(let listing, let draft): (listing, ["update": draft.json])
      case .delete(let listing): (listing, ["delete": true])
      case .nothing: ("", [:])
      }
    try await database.transaction { connection in
      try Shadow.note(.product, of: claim.wish.connectionId, target: target, body, on: connection)
      try ProductPushes.finish(claim, .shadow, on: connection)
    }
    count("product_shadow")
    return .ack
  }

  private func failed(
    _ claim: ProductClaim, _ error: MarketplaceError, attempts: Int
  ) async throws -> Disposition {
    let rules = PushRules(on: error)
    let isLast = rules.isLast(attempts: attempts, of: maxAttempts)
    try await database.transaction {
      try ProductPushes.fail(claim, error.description, isLast: isLast, on: $0)
    }
    count("product_failed")
    logger.warning(
      "a product could not be written: \(error)",
      metadata: ["connection": "\(claim.wish.connectionId)", "variation": "\(claim.wish.variation)"])
    return rules.disposition
  }
}
