import Conversations
import Foundation
import JSON

extension UserNotification {
  /// That a dispute was opened, or given to a moderator.
  init(
    to user: String, _ kind: Kind, disputeId: String, conversation: Int, about name: ConversationName,
    number: String?, reason: String?
  ) {
    let connection = name.connection.uuidString.lowercased()
    self.init(
      to: user, kind, about: "\(connection)/\(disputeId)",
      body: .object([
        "conversationId": .integer(conversation), "connectionId": .string(connection),
        "disputeId": .string(disputeId), "orderId": .string(name.order), "number": .text(number),
        "reason": .text(reason),
      ]))
  }
}
