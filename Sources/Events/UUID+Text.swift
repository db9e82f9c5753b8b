package import struct Foundation.UUID

/// A UUID as events spell it, without Foundation's way through `sscanf` and `printf`: every line of an order has one.
extension UUID {
  /// Nil unless the text is 32 hexadecimal digits with hyphens where they belong; either case.
  package init?(text: String) {
    var text = text
    let parsed = text.withUTF8 { Self.parse($0) }
    guard let parsed else { return nil }
    self = parsed
  }

  /// In lower case.
  package var text: String {
    String(unsafeUninitializedCapacity: 36) { buffer in
      var place = 0
      withUnsafeBytes(of: uuid) { bytes in
        for index in 0..<16 {
          if index == 4 || index == 6 || index == 8 || index == 10 {
            buffer[place] = UInt8(ascii: "-")
            place += 1
          }
          buffer[place] = Self.digit(bytes[index] >> 4)
          buffer[place + 1] = Self.digit(bytes[index] & 15)
          place += 2
        }
      }
      return place
    }
  }

  private static func parse(_ text: UnsafeBufferPointer<UInt8>) -> UUID? {
    guard text.count == 36 else { return nil }
    var value = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)).uuid
    let isWhole = withUnsafeMutableBytes(of: &value) { bytes in
      var place = 0
      for index in 0..<16 {
        if index == 4 || index == 6 || index == 8 || index == 10 {
          guard text[place] == UInt8(ascii: "-") else { return false }
          place += 1
        }
        guard let high = nibble(text[place]), let low = nibble(text[place + 1]) else { return false }
        bytes[index] = high << 4 | low
        place += 2
      }
      return true
    }
    return isWhole ? UUID(uuid: value) : nil
  }

  private static func nibble(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private static func digit(_ nibble: UInt8) -> UInt8 {
    nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
  }
}
