package import Events
package import JSON
package import Time

/// What may be told about an order from outside (`POST /api/order-events/handle`).
package enum OrderEventKind: String, Sendable, CaseIterable {
  case orderCreated = "ORDER_CREATED"
  case paymentReceived = "PAYMENT_RECEIVED"
  case orderShipped = "ORDER_SHIPPED"
  case disputeInitiated = "DISPUTE_INITIATED"

  package var type: EventType {
    switch self {
    case .orderCreated: .orderCreated
    case .paymentReceived: .paymentReceived
    case .orderShipped: .orderShipped
    case .disputeInitiated: .disputeInitiated
    }
  }

  /// What an event of this kind says: the order as it is known, with what the news add to it.
  ///
  /// `order` keeps the time of its last change, so that whatever the marketplace says later goes before, and has no
  /// list of lines, so that its stock is not touched. `data` holds the optional details: of a shipment `carrier`,
  /// `trackingNumber`, `trackingUrl`; of a dispute `disputeId`, `reason`, `openedAt`.
  package func payload(about order: Order, data: JSON, at now: Timestamp) -> Event.Payload {
    switch self {
    case .orderCreated: .order(order)
    case .paymentReceived: .order(order.paid)
    case .orderShipped: .order(order.shipped(with: Tracking(data)))
    case .disputeInitiated:
      .dispute(
        Dispute(
          externalId: data["disputeId"].text ?? "order/\(order.externalId)", orderId: order.externalId,
          reason: data["reason"].text, openedAt: data["openedAt"].timestamp ?? now),
        order)
    }
  }
}

extension Order {
  fileprivate var paid: Order {
    var order = self
    order.financialStatus = "paid"
    if order.status == .new { order.status = .paid }
    return order
  }

  fileprivate func shipped(with parcel: Tracking?) -> Order {
    var order = self
    if [.new, .paid, .processing].contains(order.status) { order.status = .shipped }
    if let parcel, !order.tracking.contains(parcel) { order.tracking.append(parcel) }
    return order
  }
}

extension Tracking {
  /// Nil when nothing is said of a parcel.
  fileprivate init?(_ data: JSON) {
    self.init(
      carrier: data["carrier"].text, number: data["trackingNumber"].text, url: data["trackingUrl"].text)
    if self == Tracking() { return nil }
  }
}
