package import Events

extension OrderVersion {
  /// The version that an order event carries; `places` answers the listing of a line, nil for one that can't be
  /// booked. Lines with a quantity of zero or less don't count (CONTRACT section 4).
  package init(_ order: Order, in event: Event, listing: (OrderLine) -> Int?) {
    let updatedAt = order.updatedAt ?? event.time
    self.init(
      key: Key(
        updatedAt: updatedAt, isCancelled: order.isCancelled, observedAt: event.observedAt ?? event.time,
        digest: order.contentHash),
      at: order.isCancelled ? order.cancelledAt ?? updatedAt : updatedAt,
      placedAt: order.placedAt,
      isEligible: order.eligible,
      lines: order.countedLines?.compactMap { line in
        listing(line).map {
          Line(id: line.externalId, listing: $0, quantity: max(0, line.quantity - max(0, line.restocked)))
        }
      })
  }
}
