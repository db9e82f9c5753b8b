package import Time

/// A JSON value as a tree, for whatever is not on the hot path.
package enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  /// As it was written, so that no digit of an id or of money is lost.
  case number(String)
  case string(String)
  case array([JSON])
  /// Of a key given twice the last one counts.
  case object([String: JSON])

  /// A whole number.
  package static func integer(_ value: some BinaryInteger) -> JSON { .number(String(value)) }

  /// Text, or null when there is none.
  package static func text(_ value: String?) -> JSON { value.map(JSON.string) ?? .null }

  /// A time in RFC 3339, or null when there is none.
  package static func time(_ value: Timestamp?) -> JSON { value.map { .string($0.description) } ?? .null }
}

extension JSON {
  /// Reads exactly one value (RFC 8259, strictly); nested at most `maxDepth` deep.
  package static func parse(_ bytes: UnsafeRawBufferPointer, maxDepth: Int = 64) throws(JSONError) -> JSON {
    var reader = JSONReader(bytes, maxDepth: maxDepth)
    let value = try reader.value()
    try reader.finish()
    return value
  }

  /// Reads exactly one value.
  package static func parse(_ bytes: [UInt8], maxDepth: Int = 64) throws(JSONError) -> JSON {
    try bytes.withUnsafeBufferPointer { buffer throws(JSONError) in
      try parse(UnsafeRawBufferPointer(buffer), maxDepth: maxDepth)
    }
  }

  /// Reads exactly one value.
  package static func parse(_ text: String, maxDepth: Int = 64) throws(JSONError) -> JSON {
    try parse(Array(text.utf8), maxDepth: maxDepth)
  }
}

extension JSON {
  /// The member of that key; null when there is none, or when this is not an object.
  package subscript(key: String) -> JSON {
    get { if case .object(let members) = self { members[key] ?? .null } else { .null } }
    set {
      var members = object
      members[key] = newValue
      self = .object(members)
    }
  }

  /// The element at that place; null when there is none, or when this is not an array.
  package subscript(index: Int) -> JSON {
    if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { .null }
  }

  package var isNull: Bool { self == .null }

  /// A string, or a number as written; nil for all else.
  package var text: String? {
    switch self {
    case .string(let text), .number(let text): text
    default: nil
    }
  }

  /// The exact whole number of 3, "3" or 3.0; nil for 2.5, for what is beyond `Int64`, and for all else.
  package var integer: Int64? {
    guard var text else { return nil }
    return text.withUTF8 { JSONNumber.integer(UnsafeRawBufferPointer($0)) }
  }

  /// A bool; nil for all else.
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements; none when this is not an array.
  package var array: [JSON] { if case .array(let elements) = self { elements } else { [] } }

  /// The members; none when this is not an object.
  package var object: [String: JSON] { if case .object(let members) = self { members } else { [:] } }

  /// A string that is an RFC 3339 time; nil for all else.
  package var timestamp: Timestamp? { if case .string(let text) = self { Timestamp(text) } else { nil } }
}
