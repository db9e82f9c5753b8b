import JSON

/// What kind of thing an event says; the raw value is its CloudEvents `type`.
package enum EventType: String, CaseIterable, Sendable {
  case orderCreated = "order.created"
  case orderUpdated = "order.updated"
  case orderCancelled = "order.cancelled"
  case orderShipped = "order.shipped"
  case paymentReceived = "payment.received"
  case disputeInitiated = "dispute.initiated"
  case offerCreated = "offer.created"
  case offerUpdated = "offer.updated"
  case offerEnded = "offer.ended"
  case inventoryUpdated = "inventory.updated"
  case productCreated = "product.created"
  case productUpdated = "product.updated"
  case productDeleted = "product.deleted"
  case stockTopup = "stock.topup"
  case stockChanged = "stock.changed"
  case stockLow = "stock.low"

  /// The routing key on the events exchange: `<platform>.<type>`.
  package func routingKey(platform: String) -> String { "\(platform).\(rawValue)" }

  /// The routing key on the events exchange: `<platform>.<type>`.
  package func routingKey(platform: Platform) -> String { routingKey(platform: platform.rawValue) }

  /// The member of `data` that an event of this type is about.
  package var subjectKind: SubjectKind {
    switch self {
    case .orderCreated, .orderUpdated, .orderCancelled, .orderShipped, .paymentReceived: .order
    case .disputeInitiated: .dispute
    case .offerCreated, .offerUpdated, .offerEnded: .offer
    case .inventoryUpdated: .inventory
    case .productCreated, .productUpdated, .productDeleted: .product
    case .stockTopup: .topup
    case .stockChanged, .stockLow: .stock
    }
  }

  /// The members of `data` that events are about.
  package enum SubjectKind: String, Sendable {
    case order, dispute, offer, inventory, product, topup, stock
  }

  /// The type of that name, found without allocating.
  init?(_ name: JSONSlice) {
    switch name {
    case "order.created": self = .orderCreated
    case "order.updated": self = .orderUpdated
    case "order.cancelled": self = .orderCancelled
    case "order.shipped": self = .orderShipped
    case "payment.received": self = .paymentReceived
    case "inventory.updated": self = .inventoryUpdated
    default: self.init(rawValue: name.string)
    }
  }
}
