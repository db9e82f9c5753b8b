import Postgres
import Time

import struct Foundation.UUID

/// Letters that newer state has overtaken: the order that they tell of, or the stock of the listing, is known as of
/// a later moment. Requeued they change little or nothing, so they are the first candidates to be discarded.
enum Superseded {
  private struct Subject {
    var connection: UUID
    var id: String
    var moment: Timestamp
  }

  /// The letters that are, with the moment of the newer state.
  static func among(
    _ letters: [DeadLetter], on connection: Connection
  ) throws(PostgresError) -> [LetterKey: Timestamp] {
    var found: [LetterKey: Timestamp] = [:]
    var orders: [(key: LetterKey, subject: Subject)] = []
    var listings: [(key: LetterKey, subject: Subject)] = []
    for letter in letters {
      guard let about = letter.subject, let connection = about.connectionID.flatMap({ UUID(uuidString: $0) })
      else { continue }
      if let id = about.orderID, let moment = about.orderUpdatedAt {
        orders.append((letter.key, Subject(connection: connection, id: id, moment: moment)))
      }
      if let id = about.listingID, let moment = about.asOf {
        listings.append((letter.key, Subject(connection: connection, id: id, moment: moment)))
      }
    }
    for (index, moment) in try newerOrders(orders.map(\.subject), on: connection) {
      found[orders[index].key] = moment
    }
    for (index, moment) in try newerStock(listings.map(\.subject), on: connection) {
      found[listings[index].key] = moment
    }
    return found
  }

  private static func newerOrders(
    _ subjects: [Subject], on connection: Connection
  ) throws(PostgresError) -> [(Int, Timestamp)] {
    guard !subjects.isEmpty else { return [] }
    return try connection.query(
      """
      SELECT s.index, o.source_updated_at
        FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::timestamptz[]) AS s(index, connection, id, moment)
        JOIN orders o ON o.connection_id = s.connection AND o.external_id = s.id
       WHERE o.source_updated_at > s.moment
      """,
      [
        Array(subjects.indices), subjects.map(\.connection), subjects.map(\.id), subjects.map(\.moment),
      ]
    ).map { ($0.int(0), $0.timestamp(1)) }
  }

  private static func newerStock(
    _ subjects: [Subject], on connection: Connection
  ) throws(PostgresError) -> [(Int, Timestamp)] {
    guard !subjects.isEmpty else { return [] }
    return try connection.query(
      """
      SELECT s.index, max(b.as_of)
        FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::timestamptz[]) AS s(index, connection, id, moment)
        JOIN listings l ON l.connection_id = s.connection AND l.external_id = s.id
        JOIN stock_bases b ON b.listing_ref = l.id AND b.as_of > s.moment
       GROUP BY s.index
      """,
      [
        Array(subjects.indices), subjects.map(\.connection), subjects.map(\.id),
        subjects.map(\.moment),
      ]
    ).map { ($0.int(0), $0.timestamp(1)) }
  }
}
