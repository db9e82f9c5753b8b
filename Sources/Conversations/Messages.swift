import Foundation
import JSON
import Outbox
package import Postgres
import Time

/// A message to a buyer that is due.
package struct MessageDraft: Sendable {
  package let conversation: ConversationRow
  package let kind: MessageKind
  /// Nil when the message is silenced.
  package let body: String?
  package let status: DeliveryStatus

  /// A message that is never to be sent, though it was due.
  package init(silenced kind: MessageKind, in conversation: ConversationRow) {
    self.init(conversation, kind, body: nil, status: .silenced)
  }

  /// A message that goes to the buyer if it may and the marketplace takes it.
  package init(
    _ kind: MessageKind, in conversation: ConversationRow, body: String, account: Account?,
    canDeliver: (String) -> Bool
  ) {
    let status: DeliveryStatus =
      if let account { account.isShadow ? .shadow : canDeliver(account.platform) ? .pending : .stored } else {
        .stored
      }
    self.init(conversation, kind, body: body, status: status)
  }

  private init(
    _ conversation: ConversationRow, _ kind: MessageKind, body: String?, status: DeliveryStatus
  ) {
    self.conversation = conversation
    self.kind = kind
    self.body = body
    self.status = status
  }
}

/// Rows of `order_messages`, at most one of a kind per conversation.
package enum Messages {
  /// The kinds that the conversations have already, sent or silenced, by the conversation's id. The conversations'
  /// rows must be locked.
  package static func kinds(
    of conversations: [Int], on connection: Connection
  ) throws(PostgresError) -> [Int: Set<MessageKind>] {
    let rows = try connection.query(
      """
      SELECT m.conversation_id, m.kind FROM unnest($1::bigint[]) AS n(id)
        JOIN order_messages m ON m.conversation_id = n.id
      """, [conversations])
    var kinds: [Int: Set<MessageKind>] = [:]
    for row in rows {
      if let kind = MessageKind(rawValue: row.text(1)) { kinds[row.int(0), default: []].insert(kind) }
    }
    return kinds
  }

  /// Writes the messages, and to the outbox the jobs that deliver those that are pending.
  package static func append(_ drafts: [MessageDraft], on connection: Connection) throws(PostgresError) {
    guard !drafts.isEmpty else { return }
    let sent = try connection.send(
      """
      INSERT INTO order_messages (conversation_id, kind, body, delivery_status)
      SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[])
      ON CONFLICT DO NOTHING RETURNING id, conversation_id, delivery_status
      """,
      [
        drafts.map(\.conversation.id), drafts.map(\.kind.rawValue), drafts.map(\.body),
        drafts.map(\.status.rawValue),
      ])
    guard drafts.contains(where: { $0.status == .pending }) else { return }
    let connections = Dictionary(
      drafts.map { ($0.conversation.id, $0.conversation.name.connection) },
      uniquingKeysWith: { first, _ in first })
    var jobs: [OutboundMessage] = []
    for row in try connection.receive(sent) where row.text(2) == DeliveryStatus.pending.rawValue {
      if let connection = connections[row.int(1)] {
        jobs.append(job(message: row.int(0), connection: connection))
      }
    }
    try Outbox.append(jobs, on: connection)
  }

  private static func job(message: Int, connection: UUID) -> OutboundMessage {
    let body: JSON = .object([
      "kind": "message", "messageId": .integer(message),
      "connectionId": .string(connection.uuidString.lowercased()),
    ])
    return OutboundMessage(
      route: .job(queue: "push"), messageId: "message:\(message)", type: "message", time: .now(),
      body: body.bytes)
  }
}
