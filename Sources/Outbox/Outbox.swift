package import Events
package import Postgres

/// The outbox: what a transaction publishes is written within it, and the relay sends it after the commit.
package enum Outbox {
  /// The channel on which a commit tells the relays that there is something to send.
  package static let channel = "crossdock_outbox"

  /// Appends the messages inside the caller's transaction, as one row for most transactions. Nothing is waited
  /// for: the statements share the transaction's next round trip.
  ///
  /// - Throws: `PostgresError` when the connection is lost while sending.
  package static func append(_ messages: [OutboundMessage], on connection: Connection) throws(PostgresError) {
    try append(Packet.packets(of: messages), on: connection)
  }

  /// The same for events, under their own ids.
  package static func append(_ events: [Event], on connection: Connection) throws(PostgresError) {
    try append(Packet.packets(of: events), on: connection)
  }

  private static func append(
    _ packets: [(count: Int, bytes: [UInt8])], on connection: Connection
  ) throws(PostgresError) {
    guard !packets.isEmpty else { return }
    _ = try connection.send(insert, [packets.map(\.count), packets.map { Bytes($0.bytes) }])
    _ = try connection.send("SELECT pg_notify($1, '')", [channel])
  }

  private static let insert = """
    INSERT INTO outbox (count, messages)
    SELECT count, messages FROM unnest($1::bigint[], $2::bytea[]) AS packet(count, messages)
    """
}
