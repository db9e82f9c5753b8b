package import Time

/// What happened at a marketplace or in the ledger: CloudEvents 1.0 with this project's `data`.
///
/// It never changes and is shared: on its way through a lane an event goes through many hands, and a copy of a value
/// with a dozen texts would count a reference for each of them.
package final class Event: Sendable {
  /// Deterministic: the same happening always has the same id, and the same `time`.
  package let id: String
  /// `/connections/<connectionId>` unless its producer says otherwise.
  package let source: String
  package let type: EventType
  /// `order/<externalId>` and the like; empty when its producer says nothing.
  package let subject: String
  /// When it happened, by the marketplace's clock; `Timestamp.epoch` when its producer says nothing, since the
  /// inbox needs one moment for an id, for ever.
  package let time: Timestamp
  /// A UUID in lower case.
  package let connectionId: String
  /// A `Platform`'s raw value, or whatever a foreign producer wrote.
  package let platform: String
  package let marketplaceId: Int?
  /// What the marketplace called the change (`paid`, `cancelled`); a hint, consumers go by state.
  package let change: String?
  /// From history, read when a connection starts: nobody is written to because of it.
  package let backfill: Bool
  /// The `Date` of the response or delivery it came in, by the marketplace's clock.
  package let observedAt: Timestamp?
  package let subjectData: Payload

  /// `source` and `subject` follow from the rest unless given.
  package init(
    id: String, type: EventType, time: Timestamp, connectionId: String, platform: String,
    marketplaceId: Int? = nil, change: String? = nil, backfill: Bool = false, observedAt: Timestamp? = nil,
    subjectData: Payload, source: String? = nil, subject: String? = nil
  ) {
    self.id = id
    self.source = source ?? "/connections/" + connectionId
    self.type = type
    self.subject = subject ?? subjectData.subject
    self.time = time
    self.connectionId = connectionId
    self.platform = platform
    self.marketplaceId = marketplaceId
    self.change = change
    self.backfill = backfill
    self.observedAt = observedAt
    self.subjectData = subjectData
  }

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

extension Event: Hashable {
  package static func == (left: Event, right: Event) -> Bool {
    left.id == right.id && left.source == right.source && left.type == right.type
      && left.subject == right.subject && left.time == right.time && left.connectionId == right.connectionId
      && left.platform == right.platform && left.marketplaceId == right.marketplaceId
      && left.change == right.change && left.backfill == right.backfill
      && left.observedAt == right.observedAt && left.subjectData == right.subjectData
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(id)
    hasher.combine(time)
  }
}

extension Event {
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
