import Foundation
import HTTPTypes
package import Hummingbird
package import JSON

/// Which part of a list is wanted: query parameters `limit` (1 to 200, default 50) and `cursor`.
///
///     let page = try PageRequest(query)
///     let rows = try connection.query("… WHERE ($1::bigint IS NULL OR id < $1) ORDER BY id DESC LIMIT $2",
///                                     [page.after?.integer("id"), page.limit + 1])
///     return page.response(to: request, rows.map { … }) { ["id": $0["id"]] }
package struct PageRequest: Sendable, Equatable {
  package var limit: Int
  /// The key of the last item of the page before; nil for the first page.
  package var after: JSON?

  /// The names that a route's query may have besides its filters.
  package static let fields: Set<String> = ["limit", "cursor"]

  package init(_ query: Fields) throws(Problem) {
    limit = try query.integer("limit", in: 1...200) ?? 50
    guard let cursor = try query.text("cursor", upTo: 2_000) else { return }
    guard let key = Cursor.decode(cursor) else {
      throw .invalid("cursor", "must be the `next` of an earlier page")
    }
    after = key
  }

  /// The answer, from one item more than the limit where there is one. `key` is what the next page begins after.
  package func response(to request: Request, _ items: [JSON], key: (JSON) -> JSON) -> Response {
    let shown = items.prefix(limit)
    let next = items.count > limit ? shown.last.map { Cursor.encode(key($0)) } : nil
    return .json(["items": .array(Array(shown)), "next": .text(next)], for: request)
  }
}

/// A key in a form that callers hand back and don't read.
enum Cursor {
  static func encode(_ key: JSON) -> String {
    Data(key.bytes).base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  /// Nil unless it is an object in base64url.
  static func decode(_ text: String) -> JSON? {
    var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
    base64 += String(repeating: "=", count: (4 - base64.utf8.count % 4) % 4)
    guard let data = Data(base64Encoded: base64), let key = try? JSON.parse(Array(data)),
      case .object = key
    else { return nil }
    return key
  }
}
