import Marketplaces
import Time

/// What one connection says of a product, as of its own moment.
struct ProductState: Sendable, Equatable {
  var draft: ProductDraft
  var isDeleted: Bool
  var at: Timestamp
  var marketplace: Int
}

/// What is to be done so that a connection's listing says of a product what another connection said last.
enum ProductDecision: Sendable, Equatable {
  case create(ProductDraft)
  case update(listing: String, ProductDraft)
  case delete(listing: String)
  case nothing(Outcome)

  enum Outcome: String, Sendable {
    case created, updated, deleted
    /// It says the same already.
    case current
    /// The target itself was changed later than what would be brought to it (the later occurrence counts).
    case superseded
    /// The target's rules hold it back.
    case held
    case shadow, unsupported, failed
  }

  /// `source`: what any other of the owner's connections said last. `own`: what the target said last of itself, and
  /// `written` what we wrote there last: while these are the same, nobody else has changed it. `listing`: the target's
  /// listing of the product, if it has one. `tags`: those of the product.
  init(
    source: ProductState?, own: ProductState?, written: ProductDraft?, listing: String?, tags: Set<String>,
    rules: SyncRules
  ) {
    guard let source else {
      self = .nothing(.current)
      return
    }
    let subject = SyncRules.Subject(sku: source.draft.sku, price: source.draft.price, tags: tags)
    guard rules.takesProduct(subject, from: source.marketplace) else {
      self = .nothing(.held)
      return
    }
    var wanted = source.draft
    if !rules.propagatesPrices { wanted.price = nil }
    if let own, own.at > source.at, written.map({ !$0.isSaid(by: own.draft) }) ?? true,
      own.isDeleted != source.isDeleted || !wanted.isSaid(by: own.draft)
    {
      self = .nothing(.superseded)
      return
    }
    switch (source.isDeleted, listing) {
    case (true, let listing?): self = rules.propagatesDeletes ? .delete(listing: listing) : .nothing(.held)
    case (true, nil): self = .nothing(.current)
    case (false, nil): self = rules.propagatesCreates ? .create(wanted) : .nothing(.held)
    case (false, let listing?):
      if let known = own?.draft ?? written, wanted.isSaid(by: known) {
        self = .nothing(.current)
      } else {
        self = rules.propagatesUpdates ? .update(listing: listing, wanted) : .nothing(.held)
      }
    }
  }
}
