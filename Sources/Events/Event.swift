package import Time

/// What happened at a marketplace or in the ledger: CloudEvents 1.0 with this project's `data`.
package struct Event: Hashable, Sendable {
  /// Deterministic: the same happening always has the same id, and the same `time`.
  package var id: String
  /// `/connections/<connectionId>` unless its producer says otherwise.
  package var source: String
  package var type: EventType
  /// `order/<externalId>` and the like; empty when its producer says nothing.
  package var subject: String
  /// When it happened, by the marketplace's clock; `Timestamp.epoch` when its producer says nothing, since the
  /// inbox needs one moment for an id, for ever.
  package var time: Timestamp
  /// A UUID in lower case.
  package var connectionId: String
  /// A `Platform`'s raw value, or whatever a foreign producer wrote.
  package var platform: String
  package var marketplaceId: Int?
  /// What the marketplace called the change (`paid`, `cancelled`); a hint, consumers go by state.
  package var change: String?
  /// From history, read when a connection starts: nobody is written to because of it.
  package var backfill: Bool
  /// The `Date` of the response or delivery it came in, by the marketplace's clock.
  package var observedAt: Timestamp?
  package var subjectData: Payload

  /// What an event is about.
  package indirect enum Payload: Hashable, Sendable {
    case order(Order)
    case inventory(Inventory)
    case product(Product)
    case offer(Offer)
    case stock(Stock)
    case topup(Topup)
    /// With its order, where the producer had it at hand.
    case dispute(Dispute, Order?)
  }
}

extension Event {
  /// `source` and `subject` follow from the rest unless given.
  package init(
    id: String, type: EventType, time: Timestamp, connectionId: String, platform: String,
    marketplaceId: Int? = nil, change: String? = nil, backfill: Bool = false, observedAt: Timestamp? = nil,
    subjectData: Payload, source: String? = nil, subject: String? = nil
  ) {
    self.init(
      id: id, source: source ?? "/connections/\(connectionId)", type: type,
      subject: subject ?? subjectData.subject, time: time, connectionId: connectionId, platform: platform,
      marketplaceId: marketplaceId, change: change, backfill: backfill, observedAt: observedAt,
      subjectData: subjectData)
  }

  /// The routing key on the events exchange: `<platform>.<type>`.
  package var routingKey: String { type.routingKey(platform: platform) }

  /// The order it carries, also beside a dispute.
  package var order: Order? {
    switch subjectData {
    case .order(let order): order
    case .dispute(_, let order): order
    default: nil
    }
  }

  package var inventory: Inventory? {
    if case .inventory(let inventory) = subjectData { inventory } else { nil }
  }

  package var product: Product? { if case .product(let product) = subjectData { product } else { nil } }

  package var offer: Offer? { if case .offer(let offer) = subjectData { offer } else { nil } }

  package var stock: Stock? { if case .stock(let stock) = subjectData { stock } else { nil } }

  package var topup: Topup? { if case .topup(let topup) = subjectData { topup } else { nil } }

  package var dispute: Dispute? { if case .dispute(let dispute, _) = subjectData { dispute } else { nil } }
}

extension Event.Payload {
  /// The CloudEvents subject: `order/<externalId>` and the like.
  package var subject: String {
    switch self {
    case .order(let order): "order/\(order.externalId)"
    case .inventory(let inventory): "inventory/\(inventory.listingId ?? inventory.sku ?? "")"
    case .product(let product): "product/\(product.externalId)"
    case .offer(let offer): "offer/\(offer.externalId)"
    case .stock(let stock): "stock/\(stock.variationId.map { String($0) } ?? stock.sku ?? "")"
    case .topup(let topup): "stock/\(topup.variationId.map { String($0) } ?? topup.sku ?? "")"
    case .dispute(let dispute, _): "dispute/\(dispute.externalId)"
    }
  }
}
