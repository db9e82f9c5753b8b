import JSON
import Time

/// Shopify's search syntax, as far as it is used here, and pages by the time of the last change.
enum ShopifySearch {
  /// `updated_at:>='…' AND updated_at:<='…'`, either of them or none.
  static func range(_ query: String) throws(GraphQLProblem) -> (from: Timestamp?, to: Timestamp?) {
    var range: (from: Timestamp?, to: Timestamp?) = (nil, nil)
    for term in query.split(separator: " ") where term != "AND" {
      let value = term.drop { !"'\"".contains($0) }.filter { !"'\"".contains($0) }
      guard let time = Timestamp(value) else { throw GraphQLProblem("Invalid search: \(term)") }
      if term.hasPrefix("updated_at:>=") {
        range.from = time
      } else if term.hasPrefix("updated_at:<=") {
        range.to = time
      } else {
        throw GraphQLProblem("Invalid search: \(term)")
      }
    }
    return range
  }

  /// A page behind the cursor, which names the time and place of the last one: what changes later only moves behind.
  static func page(
    _ entries: [(at: Timestamp, place: Int)], of field: GraphQLField
  ) -> (places: [Int], info: JSON) {
    let isReversed = field.arguments["reverse"]?.bool ?? false
    let first = Int(clamping: max(0, field.arguments["first"]?.integer ?? 0))
    let sorted = entries.sorted {
      isReversed ? ($1.at, $1.place) < ($0.at, $0.place) : ($0.at, $0.place) < ($1.at, $1.place)
    }
    let parts = (field.arguments["after"]?.text ?? "").split(separator: "/").compactMap { Int64($0) }
    let rest = sorted.drop { entry in
      parts.count == 2 && (entry.at.microseconds, Int64(entry.place)) <= (parts[0], parts[1])
    }
    let page = rest.prefix(first)
    let end = page.last.map { "\($0.at.microseconds)/\($0.place)" }
    return (
      page.map(\.place), ["hasNextPage": .bool(rest.count > page.count), "endCursor": .text(end)]
    )
  }
}
