import JSON

/// Reads a GraphQL request: one operation, with arguments, variables, aliases, directives and inline fragments.
struct GraphQLReader {
  private var tokens: ArraySlice<Token>
  private let variables: JSON

  /// The fields at the top of the operation, its variables put in.
  static func fields(of text: String, variables: JSON) throws(GraphQLProblem) -> [GraphQLField] {
    var reader = GraphQLReader(tokens: try Token.all(in: text)[...], variables: variables)
    while let token = reader.tokens.first, token != .sign("{") {
      reader.tokens.removeFirst()
      // Of the head only the variables' names matter, and those come with their values.
      if token == .sign("(") { reader.skip(to: ")") }
    }
    let fields = try reader.selection()
    guard reader.tokens.isEmpty else { throw GraphQLProblem("One operation at a time") }
    return fields
  }

  enum Token: Equatable {
    case name(String)
    case text(String)
    case number(String)
    case sign(Character)

    static func all(in text: String) throws(GraphQLProblem) -> [Token] {
      var tokens: [Token] = []
      var rest = Substring(text)
      while let first = rest.first {
        if first.isWhitespace || first == "," {
          rest = rest.dropFirst()
        } else if first == "\"" {
          let body = rest.dropFirst().prefix { $0 != "\"" }
          tokens.append(.text(String(body)))
          rest = rest.dropFirst(body.count + 2)
        } else if first.isLetter || first == "_" {
          let name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
          tokens.append(.name(String(name)))
          rest = rest.dropFirst(name.count)
        } else if first.isNumber || first == "-" {
          let number = rest.prefix { $0.isNumber || "-.eE+".contains($0) }
          tokens.append(.number(String(number)))
          rest = rest.dropFirst(number.count)
        } else if "{}()[]:$!=@.".contains(first) {
          tokens.append(.sign(first))
          rest = rest.dropFirst()
        } else {
          throw GraphQLProblem("Unexpected character '\(first)'", code: "PARSE_ERROR")
        }
      }
      return tokens
    }
  }

  private mutating func skip(to end: Character) {
    while let token = tokens.popFirst(), token != .sign(end) {}
  }

  private mutating func take(_ sign: Character) -> Bool {
    guard tokens.first == .sign(sign) else { return false }
    tokens.removeFirst()
    return true
  }

  private mutating func name() throws(GraphQLProblem) -> String {
    guard case .name(let name)? = tokens.popFirst() else {
      throw GraphQLProblem("Expected a name", code: "PARSE_ERROR")
    }
    return name
  }

  private mutating func selection() throws(GraphQLProblem) -> [GraphQLField] {
    guard take("{") else { return [] }
    var fields: [GraphQLField] = []
    while !take("}") {
      if tokens.isEmpty { throw GraphQLProblem("Unexpected end of the query", code: "PARSE_ERROR") }
      if take(".") {
        fields += try fragment()
      } else {
        fields.append(try field())
      }
    }
    return fields
  }

  /// `... on Type { … }`, of which the first point is taken.
  private mutating func fragment() throws(GraphQLProblem) -> [GraphQLField] {
    while take(".") {}
    _ = try name()
    _ = try name()
    return try selection().map { field in
      var field = field
      field.isOptional = true
      return field
    }
  }

  private mutating func field() throws(GraphQLProblem) -> GraphQLField {
    let key = try name()
    var field = GraphQLField(name: take(":") ? try name() : key, key: key)
    field.arguments = try arguments()
    while take("@") { field.directives[try name()] = try arguments() }
    field.fields = try selection()
    return field
  }

  private mutating func arguments() throws(GraphQLProblem) -> [String: JSON] {
    var arguments: [String: JSON] = [:]
    guard take("(") else { return [:] }
    while !take(")") {
      let name = try name()
      guard take(":") else { throw GraphQLProblem("Expected a colon", code: "PARSE_ERROR") }
      let value = try value()
      if !value.isNull { arguments[name] = value }
    }
    return arguments
  }

  private mutating func value() throws(GraphQLProblem) -> JSON {
    switch tokens.popFirst() {
    case .sign("$"): return variables[try name()]
    case .text(let text): return .string(text)
    case .number(let text): return .number(text)
    case .name("true"): return true
    case .name("false"): return false
    case .name("null"): return nil
    case .name(let code): return .string(code)
    case .sign("["):
      var elements: [JSON] = []
      while !take("]") { elements.append(try value()) }
      return .array(elements)
    case .sign("{"):
      var members: [String: JSON] = [:]
      while !take("}") {
        let name = try name()
        _ = take(":")
        members[name] = try value()
      }
      return .object(members)
    default: throw GraphQLProblem("Expected a value", code: "PARSE_ERROR")
    }
  }
}
