package import Postgres
import Topology

/// One attempt at a batch: the catalogue's rows, BEGIN, the claim, the consumer's work, COMMIT.
package enum LaneTransaction {
  /// What a lane's session is set to: its statements are written for nested loops over the index in the order of
  /// their arrays, which is the lock order; a generic plan spares planning and is never made stale by a table that
  /// was empty once.
  package static let settings = [
    "plan_cache_mode": "force_generic_plan", "enable_hashjoin": "off", "enable_mergejoin": "off",
    "enable_seqscan": "off", "jit": "off",
  ]

  /// Answers what becomes of the messages, by index, that had no effect; their claims are taken back. When it
  /// throws, the caller rolls back.
  ///
  /// `messages`: no id twice. `hashes`: notes of redelivered messages to remove with the effect (Rule 17).
  package static func run<C: Consumer>(
    _ consumer: inout C, _ messages: [C.Message], releasing hashes: [Int] = [], on connection: Connection
  ) throws -> [Int: Disposition] {
    let name = consumer.queue.rawValue
    var exceptions: [Int: Disposition] = [:]
    if !messages.isEmpty { try consumer.prepare(messages, on: connection) }
    try connection.begin()
    if !messages.isEmpty {
      let claim = try Inbox.claim(messages, for: name, on: connection)
      let batch = Batch(messages: messages, claim: claim, connection: connection)
      exceptions = try consumer.apply(batch, on: connection)
      if !exceptions.isEmpty {
        try Inbox.release(exceptions.keys.map { messages[$0] }, for: name, on: connection)
      }
      // A transaction that writes nothing waits for no standby, but its duplicates are acked on the word of the one
      // that did write, and that one may not have reached the standby yet (Rule 37).
      if try batch.isRepetition {
        _ = try connection.send("SELECT pg_logical_emit_message(true, 'crossdock', '')")
      }
    }
    if !hashes.isEmpty { _ = try InHand.release(hashes, for: name, on: connection) }
    try connection.commit()
    return exceptions
  }

  /// Tries the messages in a transaction that is always rolled back, with the rows of the catalogue. Answers the
  /// indices of those that have had no effect before, and what would become of those that would have none.
  ///
  /// - Throws: what the batch as a whole fails by.
  package static func rehearse<C: Consumer>(
    _ consumer: C, _ messages: [C.Message], on connection: Connection
  ) throws -> (fresh: [Int], exceptions: [Int: Disposition]) {
    var consumer = consumer
    try connection.begin()
    defer { try? connection.rollback() }
    try consumer.prepare(messages, on: connection)
    let claim = try Inbox.claim(messages, for: consumer.queue.rawValue, on: connection)
    let batch = Batch(messages: messages, claim: claim, connection: connection)
    let exceptions = try consumer.apply(batch, on: connection)
    // Nobody has asked for the answers of some statements: in a lane it is COMMIT that tells what failed.
    _ = try connection.receive(connection.send("SET CONSTRAINTS ALL IMMEDIATE"))
    return (try batch.claimed(), exceptions)
  }
}
