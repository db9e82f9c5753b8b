package import Time

/// One row of the stock history in the making.
package struct StockChange: Sendable, Equatable {
  /// `change_type` (CONTRACT section 5).
  package enum Cause: String, Sendable {
    case orderCreated = "order_created"
    case orderCancelled = "order_cancelled"
    case orderUpdated = "order_updated"
    case topup, manual, reconciliation
    case apiSync = "api_sync"
  }

  package var place: Place
  package var cause: Cause
  package var at: Timestamp
  /// What the marketplace saw; 0 where it saw nothing.
  package var step: Int
  /// What the ledger books for it.
  package var booked: Int
  package var connection: String
  package var order: String?
  package var number: String?
  package var line: String?
  package var admin: String?
  package var notes: String?
  /// Filled in when the row's stock is known.
  package var before = 0
  package var after: Int { before + booked }

  package init(
    place: Place, cause: Cause, at: Timestamp, step: Int, booked: Int, connection: String,
    order: String? = nil, number: String? = nil, line: String? = nil, admin: String? = nil,
    notes: String? = nil
  ) {
    self.place = place
    self.cause = cause
    self.at = at
    self.step = step
    self.booked = booked
    self.connection = connection
    self.order = order
    self.number = number
    self.line = line
    self.admin = admin
    self.notes = notes
  }
}

extension StockChange {
  /// The changes that turn what an order sold before into what it sells now.
  ///
  /// An order that is first seen when nothing of it is sold any more (cancelled before we heard of it) books
  /// nothing, though its steps are kept: a snapshot may yet turn up between them (Rule 2).
  package static func changes(
    from before: Steps, to after: Steps, isNew: Bool, isCancelled: Bool,
    make: (Step, Int, Cause) -> StockChange?
  ) -> [StockChange] {
    var changes: [StockChange] = []
    for step in before.isEmpty ? Set(after.keys) : Set(before.keys).union(after.keys) {
      let size = after[step, default: 0] - before[step, default: 0]
      if size == 0 { continue }
      let cause: Cause = size > 0 && isCancelled ? .orderCancelled : isNew ? .orderCreated : .orderUpdated
      if let change = make(step, size, cause) { changes.append(change) }
    }
    changes.sort { ($0.at, $0.step, $0.line ?? "") < ($1.at, $1.step, $1.line ?? "") }
    return changes
  }
}
