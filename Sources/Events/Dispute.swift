package import Time

/// A buyer's complaint about an order.
package struct Dispute: Hashable, Sendable {
  package var externalId: String
  /// The marketplace's id of the order, which may not be known yet.
  package var orderId: String
  package var reason: String?
  package var openedAt: Timestamp?

  package init(externalId: String, orderId: String, reason: String? = nil, openedAt: Timestamp? = nil) {
    self.externalId = externalId
    self.orderId = orderId
    self.reason = reason
    self.openedAt = openedAt
  }
}
