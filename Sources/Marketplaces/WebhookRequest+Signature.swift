import Crypto
package import JSON

import struct Foundation.Data

extension WebhookRequest {
  /// Whether a header holds the HMAC-SHA256 of the raw body under one of the secrets, in base64 or hexadecimal; a
  /// `sha256=` before it is allowed. Compared in constant time.
  package func isSigned(in header: String, with secrets: [String]) -> Bool {
    guard let value = headers[header], let code = Self.code(value) else { return false }
    return secrets.contains { secret in
      !secret.isEmpty
        && HMAC<SHA256>.isValidAuthenticationCode(
          code, authenticating: body, using: SymmetricKey(data: Array(secret.utf8)))
    }
  }

  /// Whether a header is one of the secrets, compared in constant time.
  package func carries(in header: String, oneOf secrets: [String]) -> Bool {
    guard let value = headers[header] else { return false }
    // Of equal length always, and so without a hint at where they differ.
    let key = SymmetricKey(size: .bits256)
    let given = HMAC<SHA256>.authenticationCode(for: Array(value.utf8), using: key)
    return secrets.contains { secret in
      !secret.isEmpty
        && HMAC<SHA256>.isValidAuthenticationCode(given, authenticating: Array(secret.utf8), using: key)
    }
  }

  /// SHA-256 of the raw body in hexadecimal: what names a webhook that has no id of its own, so that a replay is known.
  package var digest: String { Self.hex(SHA256.hash(data: body)) }

  /// The body as JSON.
  package func json() throws(MarketplaceError) -> JSON {
    do {
      return try JSON.parse(body)
    } catch {
      throw .malformed("the webhook's body is \(error)")
    }
  }

  private static func code(_ header: String) -> [UInt8]? {
    let text = header.hasPrefix("sha256=") ? String(header.dropFirst(7)) : header
    if text.utf8.count == 64 { return bytes(hex: text) }
    return Data(base64Encoded: text).map(Array.init)
  }

  private static func bytes(hex text: String) -> [UInt8]? {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }

  private static func hex(_ bytes: some Sequence<UInt8>) -> String {
    bytes.reduce(into: "") { text, byte in
      if byte < 16 { text += "0" }
      text += String(byte, radix: 16)
    }
  }
}
