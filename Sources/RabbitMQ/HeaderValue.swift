/// A value in a message's headers or in a declaration's arguments.
package indirect enum HeaderValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case double(Double)
  case text(String)
  case bytes([UInt8])
  /// Seconds since 1970.
  case timestamp(UInt64)
  case array([HeaderValue])
  case table([String: HeaderValue])
}

extension HeaderValue {
  package var integer: Int64? {
    switch self {
    case .integer(let value): value
    case .timestamp(let seconds): Int64(exactly: seconds)
    default: nil
    }
  }

  package var text: String? { if case .text(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  package var array: [HeaderValue] { if case .array(let values) = self { values } else { [] } }

  /// The value of a table's key.
  package subscript(key: String) -> HeaderValue? {
    if case .table(let entries) = self { entries[key] } else { nil }
  }
}

extension HeaderValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
  package init(stringLiteral value: String) { self = .text(value) }
  package init(integerLiteral value: Int64) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
}
