/// Base64 without padding, as Allegro writes its event ids; read with and without padding.
enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ text: String) -> String {
    var encoded: [UInt8] = []
    var (bits, count): (UInt32, UInt32) = (0, 0)
    for byte in text.utf8 {
      (bits, count) = (bits << 8 | UInt32(byte), count + 8)
      while count >= 6 {
        count -= 6
        encoded.append(digits[Int(bits >> count & 63)])
      }
    }
    if count > 0 { encoded.append(digits[Int(bits << (6 - count) & 63)]) }
    return String(decoding: encoded, as: UTF8.self)
  }

  /// The text; nil when it is no base64 of UTF-8.
  static func decode(_ encoded: String) -> String? {
    var bytes: [UInt8] = []
    var (bits, count): (UInt32, UInt32) = (0, 0)
    for digit in encoded.utf8 where digit != UInt8(ascii: "=") {
      guard let value = digits.firstIndex(of: digit) else { return nil }
      (bits, count) = (bits << 6 | UInt32(value), count + 6)
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> count))
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
