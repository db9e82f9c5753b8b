/// What can be polled at a marketplace; the raw value is the name people and `feeds.feed` use.
package enum Feed: String, Sendable, Hashable, CaseIterable {
  /// A cursor feed of what happened to offers.
  case offerEvents = "offer-events"
  /// A cursor feed of what happened to orders.
  case orderEvents = "order-events"
  /// A window over the list of orders, by the time of their last change.
  case orders
  /// The whole list of listings, page by page; its end is followed by its beginning.
  case listings
  /// A window over the list of disputes.
  case disputes

  /// How a feed is walked through.
  package enum Shape: Sendable, Hashable {
    case cursor, window, sweep
  }

  package var shape: Shape {
    switch self {
    case .offerEvents, .orderEvents: .cursor
    case .orders, .disputes: .window
    case .listings: .sweep
    }
  }
}
