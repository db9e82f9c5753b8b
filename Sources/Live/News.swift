package import JSON
package import Postgres
package import Time

/// One notification, as streams show it.
package struct News: Sendable, Equatable {
  package var position: Position
  package var kind: String
  package var body: JSON
  package var createdAt: Timestamp

  package var json: JSON {
    [
      "id": .integer(position.id), "cursor": .string(position.description), "kind": .string(kind),
      "body": body,
      "createdAt": .time(createdAt),
    ]
  }

  /// A place in a user's notifications. They are ordered by the transaction that wrote them, and shown only when every
  /// transaction before it has ended: so one that commits late is not passed over (Rule 21).
  package struct Position: Sendable, Equatable, CustomStringConvertible {
    package var transaction: UInt64
    package var id: Int64

    package init(transaction: UInt64, id: Int64) {
      self.transaction = transaction
      self.id = id
    }

    /// Reads what `description` gave, which is the `id` of a server-sent event.
    package init?(_ text: String) {
      let parts = text.split(separator: "-", omittingEmptySubsequences: false)
      guard parts.count == 2, let transaction = UInt64(parts[0]), let id = Int64(parts[1]), id >= 0 else {
        return nil
      }
      self.init(transaction: transaction, id: id)
    }

    package var description: String { "\(transaction)-\(id)" }
  }
}

/// What is read at once, and whether there is more.
package struct NewsPage: Sendable {
  package var news: [News]
  package var isFull: Bool
  /// Whether there is more that an older transaction, still under way, holds back.
  package var isWithheld: Bool

  static let size = 100

  package static func read(_ user: String, after position: News.Position, on connection: Connection) throws
    -> NewsPage
  {
    let rows = try connection.query(
      """
      SELECT tx::text, id, kind, body, created_at, tx < pg_snapshot_xmin(pg_current_snapshot())
      FROM notifications WHERE user_id = $1 AND (tx, id) > ($2::text::xid8, $3) ORDER BY tx, id LIMIT $4
      """, [user, String(position.transaction), position.id, size])
    var page = NewsPage(news: [], isFull: rows.count == size, isWithheld: false)
    for row in rows {
      guard row.bool(5) else {
        page.isFull = false
        page.isWithheld = true
        break
      }
      page.news.append(
        News(
          position: .init(transaction: UInt64(row.text(0)) ?? 0, id: Int64(row.int(1))), kind: row.text(2),
          body: (try? JSON.parse(row.bytes(3))) ?? .null, createdAt: row.timestamp(4)))
    }
    return page
  }

  /// The place after which there is only what is to come.
  package static func now(on connection: Connection) throws -> News.Position {
    let row = try connection.query("SELECT pg_snapshot_xmin(pg_current_snapshot())::text").first
    return News.Position(transaction: row.flatMap { UInt64($0.text(0)) } ?? 0, id: 0)
  }
}
