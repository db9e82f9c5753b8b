package import Events
package import JSON
package import Time

extension MarketplaceConnection {
  /// What a list of orders says of one. It has no event of its own: its id, its `updatedAt` and its content make the
  /// item's (Rule 4).
  ///
  /// `identity` is the order without what only the reading has added, so that two readings of the same have one id.
  package func listed(
    _ order: Order, identity: Order? = nil, payload: JSON, at moment: Timestamp
  ) -> FeedItem {
    let messageId = EventID.listedOrder(
      platform: platform.rawValue, connectionId: key, order: identity ?? order)
    let changed = order.updatedAt ?? order.placedAt ?? moment
    let event = event(
      id: messageId, type: order.isCancelled ? .orderCancelled : .orderUpdated, time: changed,
      change: "listed",
      observedAt: moment, .order(order))
    let id = String(messageId.dropFirst(self.messageId("").utf8.count))
    return FeedItem(
      raw: RawEvent(id: id, type: "ORDER_LISTED", occurredAt: changed, payload: payload),
      meaning: .event(event))
  }

  /// An order of a list that can't be understood, and why.
  package func unreadable(
    order id: String, _ problem: String, payload: JSON, changedAt: Timestamp
  ) -> FeedItem {
    FeedItem(
      raw: RawEvent(
        id: "order/\(id)@\(changedAt)", type: "ORDER_LISTED", occurredAt: changedAt, payload: payload),
      meaning: .failed(problem))
  }
}

/// Why an order can't be read, in one plain sentence.
package struct OrderProblem: Error, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

extension OrderLine {
  /// The quantity that a line says: 1 where it says none; zero and less are kept, for the consumers to skip.
  package static func quantity(_ json: JSON, of line: String) throws(OrderProblem) -> Int {
    if json.isNull { return 1 }
    guard let whole = json.integer, let value = Int(exactly: whole) else {
      throw OrderProblem("line \(line): quantity \(json.text ?? "") is not a whole number")
    }
    return value
  }
}
