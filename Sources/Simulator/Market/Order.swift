package import Time

/// An order with all its versions, the latest last.
package struct Order: Sendable {
  package let id: Identifier
  /// `firstNumber` and its place in the market's orders.
  let number: Int
  let buyer: Buyer
  let paymentId: Identifier
  /// When the first of its lines was bought.
  let placedAt: Timestamp
  /// When the last of its lines was bought, by which listings sort; later than `placedAt` after a merge only.
  let lastBoughtAt: Timestamp
  /// Never empty.
  package internal(set) var versions: [OrderVersion]
  /// The place of the order that took over its lines; from then on this one is gone.
  package internal(set) var mergedInto: Int?

  static let firstNumber = 100_000

  package var latest: OrderVersion { versions[versions.count - 1] }

  /// Whether it takes stock.
  package var isAlive: Bool { mergedInto == nil && latest.cancelledAt == nil }
}

/// An order as it stood from one moment on.
package struct OrderVersion: Sendable {
  /// When it became so.
  package internal(set) var occurredAt: Timestamp
  /// What the marketplace says of that; a cancellation may leave it where it was.
  package internal(set) var updatedAt: Timestamp
  package internal(set) var stage: OrderStage
  var paidAt: Timestamp?
  var sentAt: Timestamp?
  package internal(set) var cancelledAt: Timestamp?
  /// Whether the buyer has said where it goes.
  var isFilledIn = false
  package internal(set) var lines: [Line]

  /// Lines and delivery, in hundredths.
  var total: Int {
    lines.reduce(isFilledIn ? Self.deliveryPrice : 0) { $0 + $1.quantity * $1.price }
  }

  static let deliveryPrice = 999
}

/// One listing in an order.
package struct Line: Sendable {
  package let id: Identifier
  /// Its place in the market's listings.
  package let listing: Int
  package internal(set) var quantity: Int
  /// Of one piece, in hundredths.
  let price: Int
  let boughtAt: Timestamp
}

/// A buyer's complaint about the first line of an order.
package struct Dispute: Sendable {
  /// Its place in the market's orders.
  package let order: Int
  package let openedAt: Timestamp
  /// When the seller has said what there is to say; nil before that.
  var answeredAt: Timestamp?
  /// Whether a webhook has told somebody that it was opened.
  var isTold = false

  /// So long the seller takes: always the same, so that disputes are answered in the order in which they were opened.
  static let answerTime = Duration.seconds(3)
}

/// How far an order has come.
package enum OrderStage: String, Sendable {
  case placed, filledIn, paid, sent, delivered, returned, cancelled
}

/// What happened to an order.
enum Milestone: Sendable {
  case placed, filledIn, paid, sent, delivered, returned, edited, merged
  case cancelledByBuyer, cancelledAutomatically
}
