/// Which orders count: `ALLOWED_ORDER_FINANCIAL_STATUSES` and `INCLUDE_TEST_ORDERS`.
package struct OrderFilter: Sendable, Equatable {
  /// In lower case.
  package var allowedStatuses: Set<String>
  package var includesTestOrders: Bool

  package static let standard = OrderFilter(
    allowedStatuses: ["paid", "partially_paid", "authorized", "pending"], includesTestOrders: false)

  package init(allowedStatuses: Set<String>, includesTestOrders: Bool) {
    self.allowedStatuses = Set(allowedStatuses.map { $0.lowercased() })
    self.includesTestOrders = includesTestOrders
  }

  /// Compared without case; an order that doesn't say is allowed.
  package func isEligible(financialStatus: String?, isTest: Bool = false) -> Bool {
    if isTest, !includesTestOrders { return false }
    guard let financialStatus, !financialStatus.isEmpty else { return true }
    return allowedStatuses.contains(financialStatus.lowercased())
  }
}
