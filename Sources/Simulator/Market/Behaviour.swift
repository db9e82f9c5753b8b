/// How a market behaves: rates a second, shares of the orders, and how its feeds lag.
package struct Behaviour: Sendable {
  /// Orders placed a second; 0 for none of their own accord.
  package var ordersPerSecond = 1.0
  package var paid = 0.9
  package var sent = 0.65
  package var delivered = 0.5
  /// Of the delivered; the stock doesn't come back.
  package var returned = 0.03
  package var edited = 0.05
  package var cancelled = 0.08
  /// Of the cancelled: those that leave `updatedAt` where it was.
  package var silentlyCancelled = 0.25
  /// Whether an order is paid as it is placed: where the marketplace shows a seller nothing else.
  package var paysAtOnce = false
  /// The most pieces of one listing in an order.
  package var largestQuantity = 3
  /// Of the edited: those that lose a line. With 1 no quantity ever changes.
  package var droppedLines = 0.2
  /// Of the sent: those that the buyer complains about.
  package var disputed = 0.0
  /// Whether the seller fills up what is nearly sold out.
  package var restocks = true
  /// Pairs of orders of one buyer that become one.
  package var merged = 0.01
  /// Changes of stock by the seller, per order.
  package var sellerChanges = 0.02
  /// Changes of price or text, per order.
  package var otherChanges = 0.02
  /// Events of offers that never existed, per order.
  package var strangers = 0.002
  /// Events that come again under a new id.
  package var repeated = 0.01
  /// Events that come late, up to `latest` seconds; the others within `usual` seconds.
  package var late = 0.02
  package var usual = 0.8
  package var latest = 4.0
  /// Nobody sees an offer event earlier than that. (The real service takes 11 to 247 seconds.) More than a second:
  /// so what is read because of the event has a `Date`, in whole seconds, behind the change.
  package var earliestOffer = 1.05

  package init(ordersPerSecond: Double = 1) {
    self.ordersPerSecond = ordersPerSecond
  }
}
