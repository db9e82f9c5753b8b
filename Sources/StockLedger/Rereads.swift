import Events
import Foundation
import JSON
import Outbox
import Postgres
import Time

/// Asks for a listing to be read again where a step lies so close to a snapshot that the two clocks can't tell which
/// came first (Rule 9). The second reading settles it.
enum Rereads {
  /// The marketplace's `Date` has whole seconds, its events' clock is another one, and a request takes time.
  static let doubt = Duration.seconds(3)
  /// When to look again: after the doubt is over.
  static let after = 5

  static func ask(
    for changes: [StockChange], snapshots: [Booking.Snapshot], rows: StockRows, facts: FactsOfListings,
    on connection: Connection
  ) throws {
    var listings: Set<Int> = []
    for change in changes where change.step != 0 {
      guard let baseAt = rows[change.place.stock]?.baseAt, isClose(change.at, baseAt) else { continue }
      listings.insert(change.place.listing)
    }
    for snapshot in snapshots {
      let steps = facts[snapshot.place.listing]?.steps ?? []
      if steps.contains(where: { isClose($0.at, snapshot.base.at) }) {
        listings.insert(snapshot.place.listing)
      }
    }
    guard !listings.isEmpty else { return }
    let due = try connection.query(
      """
      UPDATE listings l SET reread_at = clock_timestamp() + make_interval(secs => $2)
        FROM unnest($1::bigint[]) AS d(id)
       WHERE l.id = d.id AND coalesce(l.reread_at, '-infinity') < clock_timestamp()
         AND l.external_id NOT LIKE 'sku:%'
      RETURNING l.connection_id, l.external_id, l.id
      """, [listings.sorted(), Double(after)])
    try Outbox.append(messages(for: due), on: connection)
  }

  private static func isClose(_ left: Timestamp, _ right: Timestamp) -> Bool {
    left <= right + doubt && right <= left + doubt
  }

  /// One poll job per connection: read these listings now.
  private static func messages(for due: Rows) -> [OutboundMessage] {
    var listings: [String: [JSON]] = [:]
    for row in due { listings[row.uuid(0).uuidString.lowercased(), default: []].append(.string(row.text(1))) }
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
