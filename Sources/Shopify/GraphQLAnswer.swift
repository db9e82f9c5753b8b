import JSON
import Marketplaces

/// What the errors in a GraphQL answer mean: Shopify gives them with status 200.
enum GraphQLAnswer {
  /// Nil when there is data and no error.
  static func failure(of json: JSON) -> MarketplaceError? {
    let errors = json["errors"]
    guard !errors.isNull else {
      return json["data"].isNull ? .malformed("a GraphQL answer has neither data nor errors") : nil
    }
    let first = errors[0]
    let text = first["message"].text ?? errors.text ?? "an error without a message"
    switch first["extensions"]["code"].text {
    case "THROTTLED": return .rateLimited(retryAfter: CostReport(json).map { $0.wait(for: $0.requested) })
    case "ACCESS_DENIED": return .unauthorised(text)
    case "INTERNAL_SERVER_ERROR", "TIMEOUT": return .unavailable(status: 200, retryAfter: nil)
    case let code: return .rejected(status: 200, code.map { "\(text) (\($0))" } ?? text)
    }
  }

  /// Whether the query was refused because it asks for too much at once: a smaller page will do.
  static func isTooCostly(_ error: MarketplaceError) -> Bool {
    if case .rejected(_, let text) = error { text.contains("MAX_COST_EXCEEDED") } else { false }
  }

  /// What a mutation says it did not do; nil when it did. `payload` is the mutation's own field of the data.
  static func failure(ofMutation payload: JSON) -> MarketplaceError? {
    guard let first = payload["userErrors"].array.first else { return nil }
    let field = first["field"].array.compactMap(\.text).joined(separator: ".")
    let text = (field.isEmpty ? "" : field + ": ") + (first["message"].text ?? "a user error")
    switch first["code"].text {
    case "CHANGE_FROM_QUANTITY_STALE", "COMPARE_QUANTITY_STALE": return .conflict(text)
    default: return .rejected(status: 200, text)
    }
  }
}
