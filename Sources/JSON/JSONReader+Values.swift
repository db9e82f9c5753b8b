package import Time

extension JSONReader {
  /// Takes `null` if that is the next value, and says whether it was.
  @inlinable @inline(__always)
  package mutating func null() throws(JSONError) -> Bool {
    guard peek() == UInt8(ascii: "n") else { return false }
    try takeNull()
    return true
  }

  @usableFromInline
  mutating func takeNull() throws(JSONError) { try literal("null") }

  /// Takes `true` or `false`.
  package mutating func bool() throws(JSONError) -> Bool {
    switch peek() {
    case UInt8(ascii: "t"):
      try literal("true")
      return true
    case UInt8(ascii: "f"):
      try literal("false")
      return false
    default: throw try mismatch("true or false")
    }
  }

  /// Takes a string without copying it.
  @inlinable @inline(__always)
  package mutating func slice() throws(JSONError) -> JSONSlice {
    guard peek() == UInt8(ascii: "\"") else { throw try notAString() }
    return try quoted()
  }

  @usableFromInline
  mutating func notAString() throws(JSONError) -> JSONError { try mismatch("a string") }

  /// Takes a string.
  package mutating func string() throws(JSONError) -> String {
    try slice().string
  }

  /// Takes a string, or a number as it is written, without copying it.
  package mutating func written() throws(JSONError) -> JSONSlice {
    switch try kind() {
    case .string: return try quoted()
    case .number:
      let start = offset
      return JSONSlice(start: base + start, count: try numberBytes().count, isEscaped: false)
    default: throw try mismatch("a string or a number")
    }
  }

  /// Takes a string, or a number as it is written, which is how ids beyond 2^53 stay whole.
  package mutating func text() throws(JSONError) -> String {
    try written().string
  }

  /// Takes a whole number, also when written `"3"`, `3.0` or `3e0`; a mismatch when it is fractional or beyond `Int64`.
  package mutating func integer() throws(JSONError) -> Int64 {
    let start = offset
    let value: Int64?
    switch try kind() {
    case .number: value = JSONNumber.integer(UnsafeRawBufferPointer(try numberBytes()))
    case .string:
      let slice = try quoted()
      value = slice.plainBytes.flatMap(JSONNumber.integer)
    default: throw try mismatch("a whole number")
    }
    guard let value else { throw JSONError(.mismatch("a whole number"), at: start) }
    return value
  }

  /// Takes a string that is an RFC 3339 time.
  package mutating func timestamp() throws(JSONError) -> Timestamp {
    let start = offset
    let slice = try slice()
    let moment = slice.plainBytes.map { Timestamp(utf8: $0) } ?? Timestamp(slice.string)
    guard let moment else { throw JSONError(.mismatch("a time as in 2026-01-01T12:00:00Z"), at: start) }
    return moment
  }

  /// Takes the next value as a tree.
  package mutating func value() throws(JSONError) -> JSON {
    switch try kind() {
    case .null:
      try literal("null")
      return .null
    case .bool: return .bool(try bool())
    case .number: return .number(String(decoding: try numberBytes(), as: UTF8.self))
    case .string: return .string(try quoted().string)
    case .array:
      var elements: [JSON] = []
      try beginArray()
      while try nextElement() { elements.append(try value()) }
      return .array(elements)
    case .object:
      var members: [String: JSON] = [:]
      try beginObject()
      while let key = try nextKey() { members[key.string] = try value() }
      return .object(members)
    }
  }
}
