package import Events
package import Postgres
package import Time
package import Topology

/// A message that can be told apart for ever: by its id, and by the time that the id always carries (Rule 20).
package protocol Keyed {
  var id: String { get }
  var time: Timestamp { get }
}

extension Event: Keyed {}

/// What a lane does with the messages of one queue.
package protocol Consumer {
  associatedtype Message: Keyed

  /// The queue it consumes; the name is also the consumer's name in the inbox.
  var queue: Queue { get }

  /// Reads a body. Pure; copies what it keeps.
  ///
  /// - Throws: `EventError`, which dead-letters this one message.
  func decode(_ body: UnsafeRawBufferPointer) throws(EventError) -> Message

  /// What must be there before the transaction and may stay whatever becomes of it (the catalogue's rows). Called
  /// outside a transaction.
  mutating func prepare(_ messages: [Message], on connection: Connection) throws

  /// Works on the batch inside the lane's transaction, set-based, with locks in key order. Statements may be sent
  /// before `batch.claimed()` is asked, to share the claim's round trip.
  ///
  /// Must give the same result when it is run again after a rollback. Answers the messages, by index, that have
  /// no effect in this transaction, and what becomes of them; all others are acked after the commit.
  ///
  /// - Throws: `PostgresError`, `Failure`: the lane tries again in halves to find the guilty message.
  mutating func apply(_ batch: Batch<Message>, on connection: Connection) throws -> [Int: Disposition]
}

extension Consumer {
  package mutating func prepare(_ messages: [Message], on connection: Connection) throws {}
}
