package import Postgres

/// The messages of one transaction, no id twice, with their claim in the inbox under way.
package struct Batch<Message: Keyed> {
  package let messages: [Message]
  private let claim: Reply
  private let connection: Connection

  init(messages: [Message], claim: Reply, connection: Connection) {
    self.messages = messages
    self.claim = claim
    self.connection = connection
  }

  /// Whether every message has had its effect before. Waits for the claim.
  var isRepetition: Bool {
    get throws(PostgresError) { try connection.receive(claim).count == 0 }
  }

  /// The indices of the messages that have had no effect yet, in order. Waits for the claim.
  package func claimed() throws(PostgresError) -> [Int] {
    let rows = try connection.receive(claim)
    if rows.count == messages.count { return Array(messages.indices) }
    var fresh: Set<String> = []
    for row in rows { fresh.insert(row.text(0)) }
    return messages.indices.filter { fresh.contains(messages[$0].id) }
  }
}
