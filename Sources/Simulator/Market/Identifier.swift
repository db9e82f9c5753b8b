/// 128 bits that are written like a UUID: the id of an order or of a line.
package struct Identifier: Hashable, Sendable {
  let high: UInt64
  let low: UInt64

  init(high: UInt64, low: UInt64) {
    (self.high, self.low) = (high, low)
  }

  /// A positive number of it, for marketplaces that count their ids; most are beyond 2^53.
  var number: Int64 { Int64(low >> 1) }

  /// The id of that text (8-4-4-4-12 hexadecimal digits); nil for any other text.
  init?(_ text: some StringProtocol) {
    var (high, low): (UInt64, UInt64) = (0, 0)
    var digits = 0
    for (place, byte) in text.utf8.enumerated() {
      if place == 8 || place == 13 || place == 18 || place == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard let digit = Self.value(of: byte) else { return nil }
      if digits < 16 { high = high << 4 | digit } else { low = low << 4 | digit }
      digits += 1
      if digits > 32 { return nil }
    }
    guard digits == 32 else { return nil }
    self.init(high: high, low: low)
  }

  /// The 36 bytes of its text.
  var utf8: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(36)
    for nibble in 0..<32 {
      if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { bytes.append(UInt8(ascii: "-")) }
      let half = nibble < 16 ? high : low
      bytes.append(Self.digits[Int(half >> UInt64(60 - nibble % 16 * 4) & 15)])
    }
    return bytes
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private static func value(of digit: UInt8) -> UInt64? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(digit - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(digit - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(digit - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}

extension Identifier: CustomStringConvertible {
  package var description: String { String(decoding: utf8, as: UTF8.self) }
}
