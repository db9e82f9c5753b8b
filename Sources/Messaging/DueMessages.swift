import Conversations
import Events
import Time

/// What a buyer should have been told, as the order stands.
enum DueMessages {
  /// The kinds due for an order as one version of it shows it; none for one that is cancelled, refunded or not
  /// eligible.
  static func kinds(of order: Order, allowed: Set<String>?) -> [MessageKind] {
    guard order.isAlive(among: allowed), order.status != .refunded else { return [] }
    var kinds: [MessageKind] = [.orderConfirmation]
    if order.isPaid { kinds.append(.paymentConfirmation) }
    if order.isShipped { kinds.append(.shippingUpdate) }
    return kinds
  }

  /// Whether the order is young enough for its buyer to be written to.
  static func isFresh(_ order: Order, in event: Event, maxAge: Duration, at now: Timestamp) -> Bool {
    (order.placedAt ?? order.updatedAt ?? event.time) + maxAge >= now
  }
}

extension Order {
  func isAlive(among allowed: Set<String>?) -> Bool { isEligible(among: allowed) && !isCancelled }

  fileprivate var isPaid: Bool { financialStatus.map { $0.lowercased() == "paid" } ?? (status == .paid) }

  fileprivate var isShipped: Bool {
    status == .shipped || status == .fulfilled || fulfillmentStatus?.lowercased() == "fulfilled"
      || !tracking.isEmpty
  }
}
