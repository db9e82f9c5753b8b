import Events

/// One version of an order, as one event brought it.
struct OrderVersion: Sendable {
  var key: VersionKey
  var order: Order
  var event: Event
  /// Why this version alone is no reason to create the order; nil when it qualifies.
  var skipReason: SkipReason?

  /// Closed set: it stands in `skipped_orders.reason`.
  enum SkipReason: String, Sendable {
    case cancelled
    case ineligible
    case financialStatus = "financial_status"
  }

  /// `allowed`: the financial statuses of orders that may be created, in lower case.
  init(_ order: Order, in event: Event, allowed: Set<String>) {
    self.init(order, in: event, key: VersionKey(of: order, in: event))
    if order.isCancelled {
      skipReason = .cancelled
    } else if !order.eligible {
      skipReason = .ineligible
    } else if !order.hasFinancialStatus(among: allowed) {
      skipReason = .financialStatus
    }
  }

  /// A version that was judged before, under the key that it was kept with.
  init(_ order: Order, in event: Event, key: VersionKey, skipReason: SkipReason? = nil) {
    self.key = key
    self.order = order
    self.event = event
    self.skipReason = skipReason
  }
}

extension VersionKey {
  init(of order: Order, in event: Event) {
    self.init(
      updatedAt: order.updatedAt ?? event.time, isCancelled: order.isCancelled,
      observedAt: event.observedAt ?? event.time,
      digest: order.contentDigest.reduce(0) { $0 << 8 | Int($1) })
  }
}
