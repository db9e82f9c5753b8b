/// From the bytes between two quotes to a string.
enum JSONText {
  /// The text with escapes resolved. NUL and lone surrogates become U+FFFD, since Postgres can hold neither in
  /// `text` nor in `jsonb`; so does what is not UTF-8.
  static func decode(_ bytes: UnsafeBufferPointer<UInt8>, isEscaped: Bool) -> String {
    guard isEscaped else { return String(decoding: bytes, as: UTF8.self) }
    var plain: [UInt8] = []
    plain.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      guard byte == UInt8(ascii: "\\"), index < bytes.count else {
        plain.append(byte)
        continue
      }
      let escape = bytes[index]
      index += 1
      switch escape {
      case UInt8(ascii: "u"): append(scalar(in: bytes, at: &index), to: &plain)
      case UInt8(ascii: "n"): plain.append(0x0A)
      case UInt8(ascii: "t"): plain.append(0x09)
      case UInt8(ascii: "r"): plain.append(0x0D)
      case UInt8(ascii: "b"): plain.append(0x08)
      case UInt8(ascii: "f"): plain.append(0x0C)
      default: plain.append(escape)
      }
    }
    return String(decoding: plain, as: UTF8.self)
  }

  /// The first quote, backslash or control character at or after `index`, or `count`; eight bytes a step.
  @inline(__always)
  static func plainEnd(_ base: UnsafePointer<UInt8>, from index: Int, count: Int) -> Int {
    var index = index
    let ones: UInt64 = 0x0101_0101_0101_0101
    let tops: UInt64 = 0x8080_8080_8080_8080
    while index &+ 8 <= count {
      let word = UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
      let quotes = word ^ (ones &* 0x22)
      let slashes = word ^ (ones &* 0x5C)
      // The lowest marked byte is right; a borrow can only mark bytes above one that is marked already.
      let marks =
        (((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)
          | ((word &- ones &* 0x20) & ~word)) & tops
      if marks != 0 { return index &+ marks.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < count {
      let byte = base[index]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte < 0x20 { return index }
      index &+= 1
    }
    return index
  }

  /// Four hexadecimal digits at `index`, or nil.
  static func hex4(_ bytes: UnsafeBufferPointer<UInt8>, at index: Int) -> UInt32? {
    guard bytes.count - index >= 4 else { return nil }
    var value: UInt32 = 0
    for position in index..<index + 4 {
      guard let digit = hexDigit(bytes[position]) else { return nil }
      value = value << 4 | digit
    }
    return value
  }

  private static func hexDigit(_ byte: UInt8) -> UInt32? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a")) + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A")) + 10
    default: nil
    }
  }

  /// The scalar of the `\u` escape whose digits begin at `index`, two escapes when they are a surrogate pair.
  private static func scalar(in bytes: UnsafeBufferPointer<UInt8>, at index: inout Int) -> Unicode.Scalar {
    guard let first = hex4(bytes, at: index) else { return "\u{FFFD}" }
    index += 4
    if 0xD800..<0xDC00 ~= first, bytes.count - index >= 6, bytes[index] == UInt8(ascii: "\\"),
      bytes[index + 1] == UInt8(ascii: "u"), let second = hex4(bytes, at: index + 2),
      0xDC00..<0xE000 ~= second
    {
      index += 6
      return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? "\u{FFFD}"
    }
    return first == 0 ? "\u{FFFD}" : Unicode.Scalar(first) ?? "\u{FFFD}"
  }

  private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }
}
