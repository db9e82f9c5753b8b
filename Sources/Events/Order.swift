package import JSON
package import Time

/// An order as it stood at a moment; every order event carries all of it.
package struct Order: Hashable, Sendable {
  /// The marketplace's id, digit for digit as it was written.
  package var externalId: String
  /// What people call it (`#1001`).
  package var number: String?
  /// As the marketplace writes it; compare it without case.
  package var financialStatus: String?
  package var fulfillmentStatus: String?
  package var status: OrderStatus
  /// False outside the allowed financial statuses, and for test orders.
  package var eligible: Bool
  package var placedAt: Timestamp?
  package var updatedAt: Timestamp?
  package var cancelledAt: Timestamp?
  /// ISO 4217.
  package var currency: String?
  package var total: Money?
  package var tax: Money?
  package var shipping: Money?
  package var buyer: Buyer?
  /// As the marketplace gave it; null when it gave none.
  package var shippingAddress: JSON
  package var tracking: [Tracking]
  /// Nil when the event brought no list of lines, which is not an empty list.
  package var lines: [OrderLine]?
}

extension Order {
  package init(
    externalId: String, number: String? = nil, status: OrderStatus = .new, financialStatus: String? = nil,
    fulfillmentStatus: String? = nil, eligible: Bool = true, placedAt: Timestamp? = nil,
    updatedAt: Timestamp? = nil, cancelledAt: Timestamp? = nil, currency: String? = nil, total: Money? = nil,
    tax: Money? = nil, shipping: Money? = nil, buyer: Buyer? = nil, shippingAddress: JSON = .null,
    tracking: [Tracking] = [], lines: [OrderLine]? = nil
  ) {
    // The memberwise initializer has another order. Assigning so many fields one by one would copy them all once more.
    self.init(
      externalId: externalId, number: number, financialStatus: financialStatus,
      fulfillmentStatus: fulfillmentStatus, status: status, eligible: eligible, placedAt: placedAt,
      updatedAt: updatedAt, cancelledAt: cancelledAt, currency: currency, total: total, tax: tax,
      shipping: shipping, buyer: buyer, shippingAddress: shippingAddress, tracking: tracking, lines: lines)
  }

  /// Cancelled by status, or because it says when.
  package var isCancelled: Bool { status == .cancelled || cancelledAt != nil }

  /// The lines that count: those with a quantity above zero. Nil when the event brought no list.
  package var countedLines: [OrderLine]? { lines?.filter { $0.quantity > 0 } }

  /// Whether it counts: for its producer, and by its financial status where some are allowed (nil: all are).
  package func isEligible(among allowed: Set<String>?) -> Bool {
    eligible && (allowed.map { hasFinancialStatus(among: $0) } ?? true)
  }

  /// Whether the financial status is among these, given in lower case; an absent one is allowed.
  package func hasFinancialStatus(among allowed: Set<String>) -> Bool {
    financialStatus.map { allowed.contains($0.lowercased()) } ?? true
  }
}

/// One line of an order.
package struct OrderLine: Hashable, Sendable {
  /// The line's own id, unique within its connection.
  package var externalId: String
  package var listingId: String?
  package var sku: String?
  package var title: String?
  package var unitPrice: Money?
  /// 1 where the marketplace says none; 0 or less where it says so, and then the line does not count.
  package var quantity: Int
  /// How many of them came back to stock (Rule 11: a refund alone is not a restock).
  package var restocked: Int
}

extension OrderLine {
  package init(
    externalId: String, listingId: String? = nil, sku: String? = nil, title: String? = nil, quantity: Int = 1,
    restocked: Int = 0, unitPrice: Money? = nil
  ) {
    self.init(
      externalId: externalId, listingId: listingId, sku: sku, title: title, unitPrice: unitPrice,
      quantity: quantity, restocked: restocked)
  }

  /// Unit price times quantity.
  package var fullPrice: Money? { unitPrice.map { $0 * quantity } }
}

/// Who bought.
package struct Buyer: Hashable, Sendable {
  package var externalId: String?
  package var name: String?
  package var email: String?

  package init(externalId: String? = nil, name: String? = nil, email: String? = nil) {
    self.externalId = externalId
    self.name = name
    self.email = email
  }
}

/// A parcel's way.
package struct Tracking: Hashable, Sendable {
  package var carrier: String?
  package var number: String?
  package var url: String?

  package init(carrier: String? = nil, number: String? = nil, url: String? = nil) {
    self.carrier = carrier
    self.number = number
    self.url = url
  }
}
