import Foundation

/// Names an order among all connections; sorted, it is the order of locks.
struct OrderName: Hashable, Comparable, Sendable {
  var connection: UUID
  var external: String

  static func < (left: OrderName, right: OrderName) -> Bool {
    left.connection == right.connection
      ? left.external < right.external : left.connection < right.connection
  }
}
