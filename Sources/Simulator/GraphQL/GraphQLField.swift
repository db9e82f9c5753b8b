import JSON

/// A field of a GraphQL selection, with its arguments as they are after the variables were put in.
struct GraphQLField: Equatable {
  var name: String
  /// What it is called in the answer.
  var key: String
  var arguments: [String: JSON] = [:]
  /// The arguments of its directives, by the directive's name.
  var directives: [String: [String: JSON]] = [:]
  var fields: [GraphQLField] = []
  /// Whether it stands in a fragment: then it is left out where a value doesn't have it.
  var isOptional = false

  /// The field of that name below this one.
  func field(_ name: String) -> GraphQLField? { fields.first { $0.name == name } }
}

/// A query that can't be answered, in the words for the `errors` of its answer.
struct GraphQLProblem: Error, Equatable {
  var message: String
  var code: String?

  init(_ message: String, code: String? = nil) {
    self.message = message
    self.code = code
  }
}

extension GraphQLField {
  /// What the field selects of a value: of an object its fields, of a list each element's; a connection's `first`
  /// and `after`, and a list's `first`, cut it.
  func select(from value: JSON) throws(GraphQLProblem) -> JSON {
    switch value {
    case .array(let elements):
      var selected: [JSON] = []
      for element in elements.prefix(arguments["first"]?.integer.map { Int($0) } ?? elements.count) {
        selected.append(try object(of: element))
      }
      return .array(selected)
    case .object(let members) where members["nodes"] != nil && arguments["first"] != nil:
      return try object(of: cut(value))
    default: return try object(of: value)
    }
  }

  private func object(of value: JSON) throws(GraphQLProblem) -> JSON {
    guard !fields.isEmpty, case .object(let members) = value else { return value }
    var selected: [String: JSON] = [:]
    for field in fields {
      guard let member = members[field.name] else {
        if field.isOptional { continue }
        throw GraphQLProblem("Field '\(field.name)' doesn't exist here", code: "undefinedField")
      }
      selected[field.key] = try field.select(from: member)
    }
    return .object(selected)
  }

  private func cut(_ connection: JSON) -> JSON {
    if !connection["pageInfo"].isNull { return connection }
    let nodes = connection["nodes"].array
    let start = min(max(arguments["after"]?.integer.map { Int($0) } ?? 0, 0), nodes.count)
    let end = min(nodes.count, start + max(0, Int(clamping: arguments["first"]?.integer ?? 0)))
    return [
      "nodes": .array(Array(nodes[start..<end])),
      "pageInfo": ["hasNextPage": .bool(end < nodes.count), "endCursor": .string(String(end))],
    ]
  }

  /// What a query costs at most: a point for each object, two more for a connection, and as many of what is in it as
  /// are asked for.
  var cost: Int {
    guard !fields.isEmpty else { return 0 }
    let inner = fields.reduce(0) { $0 + $1.cost }
    if name == "nodes" || name == "edges" { return inner + (arguments["ids"]?.array.count ?? 0) }
    if name == "pageInfo" || name.hasSuffix("Set") || name == "shopMoney" { return 0 }
    guard let first = arguments["first"]?.integer else { return 1 + inner }
    return 2 + Int(clamping: max(0, min(first, 1_000))) * (1 + inner)
  }
}
