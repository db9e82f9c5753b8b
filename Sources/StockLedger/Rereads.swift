import Events
import Foundation
import JSON
import Outbox
import Postgres
import Time

/// Asks for a listing to be read again where only that can tell what its last base contains: steps lie so close to it
/// that the clocks can't tell which came first, or it was read while a push of ours was under way (Rule 9).
enum Rereads {
  /// When to look again: after the doubt is over.
  static let after = 5

  static func ask(
    for changes: [StockChange], bases: [Booking.NewBase], facts: FactsOfListings, on connection: Connection
  ) throws {
    var listings: Set<Int> = []
    for listing in changes.lazy.filter({ $0.step != 0 }).map(\.place.listing)
    where !listings.contains(listing) {
      if facts[listing]?.isInDoubt ?? false { listings.insert(listing) }
    }
    for new in bases {
      guard let known = facts[new.place.listing] else { continue }
      if known.isInDoubt || known.isUnderPush(new.base) { listings.insert(new.place.listing) }
    }
    try ask(for: listings.sorted(), on: connection)
  }

  static func ask(for listings: [Int], on connection: Connection) throws {
    guard !listings.isEmpty else { return }
    let due = try connection.query(
      """
      UPDATE listings l SET reread_at = clock_timestamp() + make_interval(secs => $2)
        FROM unnest($1::bigint[]) AS d(id)
       WHERE l.id = d.id AND coalesce(l.reread_at, '-infinity') < clock_timestamp()
         AND l.external_id NOT LIKE 'sku:%'
      RETURNING l.connection_id, l.external_id, l.id
      """, [listings, Double(after)])
    try Outbox.append(messages(for: due), on: connection)
  }

  /// One poll job per connection: read these listings now.
  private static func messages(for due: Rows) -> [OutboundMessage] {
    var listings: [String: [JSON]] = [:]
    for row in due { listings[row.uuid(0).text, default: []].append(.string(row.text(1))) }
    let now = Timestamp.now()
    return listings.sorted { $0.key < $1.key }.map { connection, names in
      let id = "listings@\(connection)/reread/\(now.microseconds)"
      let body: JSON = .object([
        "jobId": .string(id), "connectionId": .string(connection), "feed": .string("listings"),
        "reason": .string("reread"), "listings": .array(names),
        "expiresAt": .string(now.adding(seconds: 3_600).description),
      ])
      return OutboundMessage(
        route: .delayedJob(queue: "poll", seconds: after), messageId: id, type: "poll", time: now,
        body: body.bytes)
    }
  }
}
