package import Foundation

/// Names a conversation: there is one per order. Sorted, it is the order of locks.
package struct ConversationName: Hashable, Comparable, Sendable, CustomStringConvertible {
  package var connection: UUID
  /// The marketplace's id of the order.
  package var order: String

  package init(connection: UUID, order: String) {
    self.connection = connection
    self.order = order
  }

  package var description: String { "\(connection.uuidString.lowercased())/\(order)" }

  package static func < (left: ConversationName, right: ConversationName) -> Bool {
    left.connection == right.connection ? left.order < right.order : left.connection < right.connection
  }
}
