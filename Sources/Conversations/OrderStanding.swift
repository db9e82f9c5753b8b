package import Events
import JSON
import Time

/// What one version of an order means to its conversation.
package struct OrderStanding: Sendable, Hashable {
  /// The version's place among the others, as text that sorts by its bytes: (updatedAt, cancelled, observedAt,
  /// digest of the content). Rule 4: a total order of versions.
  package let version: String
  package let number: String?
  package let isCancelled: Bool
  package let buyer: Buyer?
  let payment: JSON
  let tracking: JSON

  package init(_ order: Order, in event: Event) {
    let updated = Self.sortable(order.updatedAt?.microseconds ?? event.time.microseconds)
    let observed = Self.sortable((event.observedAt ?? event.time).microseconds)
    let digest = order.contentDigest.map { Self.hex(UInt64($0), width: 2) }.joined()
    version = "\(updated)-\(order.isCancelled ? 1 : 0)-\(observed)-\(digest)"
    number = order.number
    isCancelled = order.isCancelled
    buyer = order.buyer
    payment = Self.payment(of: order)
    tracking = .array(order.tracking.map(\.json))
  }

  private static func payment(of order: Order) -> JSON {
    guard let status = order.financialStatus else { return .null }
    return .object([
      "status": .string(status), "currency": .text(order.currency), "total": .text(order.total?.text),
      "tax": .text(order.tax?.text), "shipping": .text(order.shipping?.text),
    ])
  }

  /// Sixteen digits that sort as the number does, also below zero.
  private static func sortable(_ number: Int64) -> String {
    hex(UInt64(bitPattern: number) ^ (1 << 63), width: 16)
  }

  private static func hex(_ number: UInt64, width: Int) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}

extension Tracking {
  fileprivate var json: JSON {
    .object(["carrier": .text(carrier), "number": .text(number), "url": .text(url)])
  }
}
