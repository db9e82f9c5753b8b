package import Time

package import struct Foundation.UUID

/// One row of the stock history in the making.
package struct StockChange: Sendable {
  /// `change_type` (CONTRACT section 5).
  package enum Cause: String, Sendable {
    case orderCreated = "order_created"
    case orderCancelled = "order_cancelled"
    case orderUpdated = "order_updated"
    case topup, manual, reconciliation
    case apiSync = "api_sync"
  }

  /// Where changes come from. Shared by all of one order.
  package final class Origin: Sendable {
    package let connection: UUID
    package let order: String?
    package let number: String?
    package let admin: String?
    package let notes: String?

    package init(
      connection: UUID, order: String? = nil, number: String? = nil, admin: String? = nil,
      notes: String? = nil
    ) {
      self.connection = connection
      self.order = order
      self.number = number
      self.admin = admin
      self.notes = notes
    }
  }

  package var place: Place
  package var origin: Origin
  package var cause: Cause
  package var at: Timestamp
  /// What the marketplace saw; 0 where it saw nothing.
  package var step: Int
  /// What the ledger books for it.
  package var booked: Int
  package var line: String?
  /// Filled in when the row's stock is known.
  package var before = 0
  package var after: Int { before + booked }
  /// Its place among the batch's stock rows, as soon as these are made.
  var row = 0

  package init(
    place: Place, origin: Origin, cause: Cause, at: Timestamp, step: Int, booked: Int, line: String? = nil
  ) {
    self.place = place
    self.origin = origin
    self.cause = cause
    self.at = at
    self.step = step
    self.booked = booked
    self.line = line
  }
}

extension StockChange.Cause {
  /// Why an order's step is booked: what it gives back for good was cancelled.
  static func ofOrder(step: Int, isNew: Bool, isCancelled: Bool) -> StockChange.Cause {
    step > 0 && isCancelled ? .orderCancelled : isNew ? .orderCreated : .orderUpdated
  }
}
