package import Time

/// Appends JSON to bytes, without white space; commas are its own doing.
///
/// Between `beginObject` and `endObject` each value follows a `key`; balance is the caller's business.
@usableFromInline
package struct JSONWriter: Sendable {
  /// What has been written so far.
  package private(set) var bytes: [UInt8]
  private let start: Int

  package init(capacity: Int = 256) {
    bytes = []
    bytes.reserveCapacity(capacity)
    start = 0
  }

  /// A writer that goes on after what is there.
  package init(appendingTo bytes: consuming [UInt8]) {
    start = bytes.count
    self.bytes = bytes
  }

  /// Lets `write` append one value to bytes, in place.
  package static func append(to bytes: inout [UInt8], _ write: (inout JSONWriter) -> Void) {
    // The writer has them alone meanwhile, so that nothing is copied.
    var writer = JSONWriter(appendingTo: exchange(&bytes, with: []))
    write(&writer)
    swap(&bytes, &writer.bytes)
  }

  package mutating func beginObject() {
    separate()
    bytes.append(UInt8(ascii: "{"))
  }

  package mutating func endObject() { bytes.append(UInt8(ascii: "}")) }

  package mutating func beginArray() {
    separate()
    bytes.append(UInt8(ascii: "["))
  }

  package mutating func endArray() { bytes.append(UInt8(ascii: "]")) }

  /// A key known when compiling, which needs no escapes.
  package mutating func key(_ key: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }

  /// Any key.
  package mutating func key(_ key: String) {
    string(key)
    bytes.append(UInt8(ascii: ":"))
  }

  package mutating func string(_ text: String) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { escaped($0) }
    bytes.append(UInt8(ascii: "\""))
  }

  @inlinable
  package mutating func integer(_ value: some FixedWidthInteger) {
    digits(isNegative: value < 0, UInt64(value.magnitude), isText: false)
  }

  /// A string of decimal digits.
  @inlinable
  package mutating func integerText(_ value: some FixedWidthInteger) {
    digits(isNegative: value < 0, UInt64(value.magnitude), isText: true)
  }

  @usableFromInline
  mutating func digits(isNegative: Bool, _ magnitude: UInt64, isText: Bool) {
    separate()
    // Twenty digits, a sign and two quotes, from the right.
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 24) { buffer in
      var first = buffer.count
      func put(_ byte: UInt8) {
        first -= 1
        buffer[first] = byte
      }
      if isText { put(UInt8(ascii: "\"")) }
      var rest = magnitude
      repeat {
        put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
        rest /= 10
      } while rest > 0
      if isNegative { put(UInt8(ascii: "-")) }
      if isText { put(UInt8(ascii: "\"")) }
      bytes.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[first...]))
    }
  }

  package mutating func bool(_ value: Bool) { raw(value ? "true" : "false") }

  package mutating func null() { raw("null") }

  /// A string of RFC 3339.
  package mutating func timestamp(_ value: Timestamp) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    value.write(into: &bytes)
    bytes.append(UInt8(ascii: "\""))
  }

  /// One whole value that is JSON already.
  package mutating func raw(_ json: some Sequence<UInt8>) {
    separate()
    bytes.append(contentsOf: json)
  }

  /// One whole value that is JSON already.
  package mutating func raw(_ json: StaticString) {
    raw(UnsafeBufferPointer(start: json.utf8Start, count: json.utf8CodeUnitCount))
  }

  /// A tree, its keys sorted by their bytes.
  package mutating func value(_ json: JSON) {
    switch json {
    case .null: null()
    case .bool(let value): bool(value)
    case .number(let text): raw(text.utf8)
    case .string(let text): string(text)
    case .array(let elements):
      beginArray()
      for element in elements { value(element) }
      endArray()
    case .object(let members):
      beginObject()
      for (name, member) in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
        key(name)
        value(member)
      }
      endObject()
    }
  }

  /// A comma, unless what stands before is a beginning or a key: no value ends with those bytes.
  private mutating func separate() {
    guard bytes.count > start, let last = bytes.last else { return }
    switch last {
    case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"): return
    default: bytes.append(UInt8(ascii: ","))
    }
  }

  private mutating func escaped(_ text: UnsafeBufferPointer<UInt8>) {
    guard let start = text.baseAddress else { return }
    var plain = 0
    while true {
      let index = JSONText.plainEnd(start, from: plain, count: text.count)
      bytes.append(contentsOf: UnsafeBufferPointer(start: start + plain, count: index - plain))
      if index == text.count { return }
      escape(text[index])
      plain = index + 1
    }
  }

  private mutating func escape(_ byte: UInt8) {
    bytes.append(UInt8(ascii: "\\"))
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
    case 0x0A: bytes.append(UInt8(ascii: "n"))
    case 0x0D: bytes.append(UInt8(ascii: "r"))
    case 0x09: bytes.append(UInt8(ascii: "t"))
    // Postgres holds no NUL, so that what is written can always be stored.
    case 0: bytes.append(contentsOf: Self.replacement)
    default:
      bytes.append(contentsOf: Self.control)
      bytes.append(Self.hexDigits[Int(byte >> 4)])
      bytes.append(Self.hexDigits[Int(byte & 15)])
    }
  }

  private static let replacement = Array("ufffd".utf8)
  private static let control = Array("u00".utf8)
  private static let hexDigits = Array("0123456789abcdef".utf8)
}
