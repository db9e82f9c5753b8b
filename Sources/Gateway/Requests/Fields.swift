package import Foundation
package import Hummingbird
package import JSON
package import Time

/// The members of a body or of a query. Every getter names the field that is wrong; a field that nobody knows is
/// refused when they are made.
package struct Fields: Sendable {
  private let values: [String: JSON]
  /// Whether all values are text, as those of a query are.
  private let areTexts: Bool

  /// The largest body that is read, unless a route says otherwise.
  package static let limit = 1_048_576

  /// The members of a JSON object; `known` are the names that there may be.
  package init(_ body: JSON, known: Set<String>) throws(Problem) {
    guard case .object(let members) = body else {
      throw Problem(.badRequest, "the body is not a JSON object")
    }
    try self.init(members, known: known, areTexts: false)
  }

  /// The parameters of the query; `known` are the names that there may be.
  package init(query request: Request, known: Set<String>) throws(Problem) {
    var values: [String: JSON] = [:]
    for (name, value) in request.uri.queryParameters {
      let text = value.replacing("+", with: " ")
      guard let decoded = text.removingPercentEncoding, !decoded.utf8.contains(0) else {
        throw Problem.invalid(String(name), "is not percent-encoded text")
      }
      guard values.updateValue(.string(decoded), forKey: String(name)) == nil else {
        throw Problem.invalid(String(name), "is given twice")
      }
    }
    try self.init(values, known: known, areTexts: true)
  }

  /// The body of a request; none at all counts as an empty object.
  package init(body request: Request, known: Set<String>, limit: Int = Self.limit) async throws {
    let bytes = try await request.bytes(upTo: limit)
    guard !bytes.isEmpty else {
      try self.init([:], known: known, areTexts: false)
      return
    }
    try request.requireJSON()
    guard !bytes.holdsNUL else {
      throw Problem(.badRequest, "the body holds the character U+0000, which can't be stored")
    }
    try self.init(try JSON.parse(bytes), known: known)
  }

  private init(_ values: [String: JSON], known: Set<String>, areTexts: Bool) throws(Problem) {
    let unknown = values.keys.filter { !known.contains($0) }.sorted()
    guard unknown.isEmpty else {
      let list = known.sorted().joined(separator: ", ")
      throw Problem(
        .badRequest,
        "unknown: \(unknown.joined(separator: ", ")); \(known.isEmpty ? "no field is" : list) known",
        errors: unknown.map { .init(field: $0, detail: "is not known here") })
    }
    self.values = values
    self.areTexts = areTexts
  }

  /// All of it, as one object.
  package var json: JSON { .object(values) }

  /// The value as it was given; null when there is none.
  package subscript(name: String) -> JSON { values[name] ?? .null }

  // MARK: Values that may be missing

  package func text(_ name: String, upTo length: Int = 1_000) throws(Problem) -> String? {
    switch self[name] {
    case .null: return nil
    case .string(let text):
      guard !text.isEmpty, text.unicodeScalars.count <= length else {
        throw .invalid(name, "must have 1 to \(length) characters")
      }
      return text
    default: throw .invalid(name, "must be text")
    }
  }

  package func integer(_ name: String, in range: ClosedRange<Int>) throws(Problem) -> Int? {
    let value = self[name]
    if value.isNull { return nil }
    let isWritten = if case .number = value { true } else { areTexts }
    guard isWritten, let number = value.integer, let integer = Int(exactly: number), range.contains(integer)
    else {
      throw .invalid(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return integer
  }

  package func bool(_ name: String) throws(Problem) -> Bool? {
    switch self[name] {
    case .null: return nil
    case .bool(let value): return value
    case .string("true") where areTexts: return true
    case .string("false") where areTexts: return false
    default: throw .invalid(name, "must be true or false")
    }
  }

  /// One of the raw values of `T`.
  package func choice<T: RawRepresentable & CaseIterable>(
    _ name: String, of type: T.Type = T.self
  ) throws(Problem) -> T? where T.RawValue == String {
    let value = self[name]
    if value.isNull { return nil }
    guard case .string(let text) = value, let choice = T(rawValue: text) else {
      throw .invalid(name, "must be one of \(T.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return choice
  }

  package func time(_ name: String) throws(Problem) -> Timestamp? {
    if self[name].isNull { return nil }
    guard let time = self[name].timestamp else {
      throw .invalid(name, "must be an RFC 3339 time such as 2026-01-31T12:00:00Z")
    }
    return time
  }

  package func uuid(_ name: String) throws(Problem) -> UUID? {
    if self[name].isNull { return nil }
    guard case .string(let text) = self[name], let id = UUID(uuidString: text) else {
      throw .invalid(name, "must be a UUID")
    }
    return id
  }
}

/// The value, or 400 that names the field: `try required("quantity", fields.integer("quantity", in: 1...9))`.
package func required<T>(_ name: String, _ value: T?) throws(Problem) -> T {
  guard let value else { throw .invalid(name, "is missing") }
  return value
}

extension [UInt8] {
  /// Whether JSON of these bytes holds a NUL, which can only stand there as an escape.
  fileprivate var holdsNUL: Bool {
    let escape = Array("u0000".utf8)
    var index = startIndex
    while let slash = self[index...].firstIndex(of: UInt8(ascii: "\\")) {
      if self[(slash + 1)...].starts(with: escape) { return true }
      index = Swift.min(slash + 2, endIndex)
    }
    return false
  }
}
