package import Events

extension OrderVersion {
  /// The version that an order event carries; `places` answers the listing of a line, nil for one that can't be
  /// booked. Lines with a quantity of zero or less don't count, nor does an order with a financial status that is not
  /// among `allowed`, in lower case; nil allows all (CONTRACT section 4).
  package init(
    _ order: Order, in event: Event, allowed: Set<String>? = nil, listing: (OrderLine) -> Int?
  ) {
    let updatedAt = order.updatedAt ?? event.time
    self.init(
      key: Key(
        updatedAt: updatedAt, isCancelled: order.isCancelled, observedAt: event.observedAt ?? event.time,
        digest: order.contentHash),
      at: order.isCancelled ? order.cancelledAt ?? updatedAt : updatedAt,
      placedAt: order.placedAt,
      isEligible: order.isEligible(among: allowed) || order.hasEnded,
      lines: order.countedLines?.compactMap { line in
        listing(line).map {
          Line(id: line.externalId, listing: $0, quantity: max(0, line.quantity - max(0, line.restocked)))
        }
      })
  }
}

extension Order {
  /// Whether it took stock before, though the filter of what is imported keeps this version out: what was refunded had
  /// been paid, and what is cancelled was alive. An order that lived and ended between two readings is known by such a
  /// version alone. Its sale still counts: what was refunded and not taken back is gone (Rule 11), and a cancellation
  /// gives back what a snapshot between it and the order's birth had lost (Rule 2).
  fileprivate var hasEnded: Bool {
    isCancelled || ["refunded", "partially_refunded"].contains(financialStatus?.lowercased())
  }
}
