/// Reads JSON (RFC 8259, strictly) value by value over bytes that outlive it, without building a tree.
///
/// An object is `beginObject()`, then `nextKey()` until it is nil, with exactly one value taken after each key;
/// an array is `beginArray()`, then `nextElement()` until it is false. `finish()` makes sure that nothing follows.
@usableFromInline
package struct JSONReader {
  @usableFromInline let base: UnsafePointer<UInt8>
  @usableFromInline let count: Int
  /// Bytes read so far.
  @usableFromInline package internal(set) var offset = 0
  @usableFromInline var depth = 0
  /// Whether the array or object just begun has not given its first member yet.
  @usableFromInline var isAtFirst = false
  package let maxDepth: Int

  private static let empty: StaticString = ""

  /// A reader at the first byte; arrays and objects may be nested `maxDepth` deep.
  package init(_ bytes: UnsafeRawBufferPointer, maxDepth: Int = 64) {
    base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? Self.empty.utf8Start
    count = bytes.count
    self.maxDepth = maxDepth
  }

  /// What the next value is.
  package enum Kind: Equatable, Sendable {
    case null, bool, number, string, array, object
  }

  /// The kind of the next value, by its first byte; nothing is taken.
  package mutating func kind() throws(JSONError) -> Kind {
    switch peek() {
    case UInt8(ascii: "\""): return .string
    case UInt8(ascii: "{"): return .object
    case UInt8(ascii: "["): return .array
    case UInt8(ascii: "n"): return .null
    case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
    default: throw unexpected("a value")
    }
  }

  /// Takes `{`.
  package mutating func beginObject() throws(JSONError) {
    guard peek() == UInt8(ascii: "{") else { throw try mismatch("an object") }
    try begin()
  }

  /// The next key of the object, its colon taken too; nil at the end of the object, which is then taken.
  @inlinable
  package mutating func nextKey() throws(JSONError) -> JSONSlice? {
    var byte = peek()
    if byte == UInt8(ascii: "}") {
      end()
      return nil
    }
    if isAtFirst {
      isAtFirst = false
    } else {
      guard byte == UInt8(ascii: ",") else { throw unexpected("a comma or }") }
      offset &+= 1
      byte = peek()
    }
    guard byte == UInt8(ascii: "\"") else { throw unexpected("a key") }
    let key = try quoted()
    guard peek() == UInt8(ascii: ":") else { throw unexpected("a colon") }
    offset &+= 1
    return key
  }

  /// Takes `[`.
  package mutating func beginArray() throws(JSONError) {
    guard peek() == UInt8(ascii: "[") else { throw try mismatch("an array") }
    try begin()
  }

  /// Whether another element follows; at the end of the array, which is then taken, it is false.
  package mutating func nextElement() throws(JSONError) -> Bool {
    let byte = peek()
    if byte == UInt8(ascii: "]") {
      // After a comma only a value may stand, so an end is only reached here.
      end()
      return false
    }
    if isAtFirst {
      isAtFirst = false
    } else {
      guard byte == UInt8(ascii: ",") else { throw unexpected("a comma or ]") }
      offset &+= 1
    }
    return true
  }

  /// Makes sure that only white space is left.
  package mutating func finish() throws(JSONError) {
    skipSpace()
    if offset < count { throw JSONError(.trailing, at: offset) }
  }

  /// Takes the next value, whatever it is, and checks that it is JSON.
  package mutating func skipValue() throws(JSONError) {
    switch try kind() {
    case .string: _ = try quoted()
    case .number: _ = try numberBytes()
    case .bool: _ = try bool()
    case .null: _ = try null()
    case .object:
      try beginObject()
      while try nextKey() != nil { try skipValue() }
    case .array:
      try beginArray()
      while try nextElement() { try skipValue() }
    }
  }

  /// Goes back to where `offset` was when the reader stood at the same depth, to read that value again.
  package mutating func rewind(to offset: Int) {
    self.offset = min(max(0, offset), count)
    isAtFirst = false
  }

  private mutating func begin() throws(JSONError) {
    guard depth < maxDepth else { throw JSONError(.tooDeep(maxDepth), at: offset) }
    depth += 1
    offset += 1
    isAtFirst = true
  }

  @inlinable
  mutating func end() {
    depth &-= 1
    offset &+= 1
    isAtFirst = false
  }
}

extension JSONReader {
  /// What stands at a byte, for a message to people: a scalar as written, cut after `limit` bytes; nil for an array
  /// or object, which say too much.
  package func excerpt(at offset: Int, limit: Int = 40) -> String? {
    var reader = self
    reader.rewind(to: offset)
    guard let kind = try? reader.kind(), kind != .array, kind != .object else { return nil }
    let start = reader.offset
    guard (try? reader.skipValue()) != nil else { return nil }
    let end = min(reader.offset, start + limit)
    let text = String(decoding: UnsafeBufferPointer(start: base + start, count: end - start), as: UTF8.self)
    return end < reader.offset ? text + "…" : text
  }
}
