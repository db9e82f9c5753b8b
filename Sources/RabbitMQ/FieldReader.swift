/// Reads AMQP's field encoding from bytes that outlive it; whatever does not fit reads as nil.
struct FieldReader {
  private var rest: UnsafeRawBufferPointer.SubSequence
  /// Deeper nesting is taken for malformed, so that a message can't exhaust the stack.
  private static let maximumDepth = 16

  init(_ bytes: UnsafeRawBufferPointer) {
    rest = bytes[...]
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func integer<Value: FixedWidthInteger>(_: Value.Type = Value.self) -> Value? {
    guard let bytes = take(MemoryLayout<Value>.size) else { return nil }
    return Value(bigEndian: bytes.loadUnaligned(as: Value.self))
  }

  /// A string of at most 255 bytes.
  mutating func short() -> UnsafeRawBufferPointer? {
    guard let count = integer(UInt8.self) else { return nil }
    return take(Int(count))
  }

  /// A string, table or array of up to 4 GB.
  mutating func long() -> UnsafeRawBufferPointer? {
    guard let count = integer(UInt32.self) else { return nil }
    return take(Int(count))
  }

  mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard rest.count >= count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
  }

  mutating func value(depth: Int = 0) -> HeaderValue? {
    guard depth < Self.maximumDepth, let kind = integer(UInt8.self) else { return nil }
    switch kind {
    case UInt8(ascii: "V"): return .null
    case UInt8(ascii: "t"): return integer(UInt8.self).map { .bool($0 != 0) }
    case UInt8(ascii: "b"): return integer(Int8.self).map { .integer(Int64($0)) }
    case UInt8(ascii: "B"): return integer(UInt8.self).map { .integer(Int64($0)) }
    case UInt8(ascii: "s"): return integer(Int16.self).map { .integer(Int64($0)) }
    case UInt8(ascii: "u"): return integer(UInt16.self).map { .integer(Int64($0)) }
    case UInt8(ascii: "I"): return integer(Int32.self).map { .integer(Int64($0)) }
    case UInt8(ascii: "i"): return integer(UInt32.self).map { .integer(Int64($0)) }
    case UInt8(ascii: "l"): return integer(Int64.self).map { .integer($0) }
    case UInt8(ascii: "L"): return integer(UInt64.self).map { .integer(Int64(clamping: $0)) }
    case UInt8(ascii: "f"): return integer(UInt32.self).map { .double(Double(Float(bitPattern: $0))) }
    case UInt8(ascii: "d"): return integer(UInt64.self).map { .double(Double(bitPattern: $0)) }
    case UInt8(ascii: "D"): return decimal()
    case UInt8(ascii: "S"): return long().map { .text(String(decoding: $0, as: UTF8.self)) }
    case UInt8(ascii: "x"): return long().map { .bytes([UInt8]($0)) }
    case UInt8(ascii: "T"): return integer(UInt64.self).map { .timestamp($0) }
    case UInt8(ascii: "A"): return long().flatMap { Self.array($0, depth: depth + 1) }
    case UInt8(ascii: "F"): return long().flatMap { Self.table($0, depth: depth + 1) }
    default: return nil
    }
  }

  /// Scale and unscaled value; money never travels in headers, so a Double will do.
  private mutating func decimal() -> HeaderValue? {
    guard let scale = integer(UInt8.self), let value = integer(Int32.self) else { return nil }
    var divisor = 1.0
    for _ in 0..<scale { divisor *= 10 }
    return .double(Double(value) / divisor)
  }

  private static func array(_ bytes: UnsafeRawBufferPointer, depth: Int) -> HeaderValue? {
    var reader = FieldReader(bytes)
    var values: [HeaderValue] = []
    while !reader.isAtEnd {
      guard let value = reader.value(depth: depth) else { return nil }
      values.append(value)
    }
    return .array(values)
  }

  private static func table(_ bytes: UnsafeRawBufferPointer, depth: Int) -> HeaderValue? {
    var reader = FieldReader(bytes)
    var entries: [String: HeaderValue] = [:]
    while !reader.isAtEnd {
      guard let key = reader.short(), let value = reader.value(depth: depth) else { return nil }
      entries[String(decoding: key, as: UTF8.self)] = value
    }
    return .table(entries)
  }
}
