import JSON
import Time

/// Shopify's search syntax, as far as it is used here, and its pages by the time of the last change.
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

  /// Which listings a search for variants finds: `product_id:N`, `sku:"…"`, or all without a search.
  static func variants(_ query: String?) throws(GraphQLProblem) -> (Listing) -> Bool {
    guard let query else { return { _ in true } }
    if query.hasPrefix("product_id:"), let product = Int64(query.dropFirst(11)) {
      return { $0.id + ShopifyNumber.product == product }
    }
    guard query.hasPrefix("sku:\""), query.count > 5, query.hasSuffix("\"") else {
      throw GraphQLProblem("Invalid search: \(query)")
    }
    var (sku, isEscaped) = ("", false)
    for character in query.dropFirst(5).dropLast() {
      isEscaped = character == "\\" && !isEscaped
      if !isEscaped { sku.append(character) }
    }
    return { [sku] in $0.sku == sku }
  }

  /// The page that a connection's arguments ask for.
  static func page(
    _ entries: [(at: Timestamp, place: Int)], of field: GraphQLField
  ) -> (places: [Int], info: JSON) {
    let page = ChangePage(
      entries, after: field.arguments["after"]?.text,
      limit: Int(clamping: field.arguments["first"]?.integer ?? 0),
      isReversed: field.arguments["reverse"]?.bool ?? false)
    return (page.places, ["hasNextPage": .bool(page.hasMore), "endCursor": .text(page.cursor)])
  }
}
