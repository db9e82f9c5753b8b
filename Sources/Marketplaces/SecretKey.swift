import Crypto

import struct Foundation.Data

/// A key that seals credentials at rest (AES-256-GCM). It prints as its id only.
package struct SecretKey: Sendable, CustomStringConvertible, CustomReflectable {
  /// The first four bytes of the key's SHA-256 in hexadecimal; stored beside what it sealed.
  package let id: String
  private let key: SymmetricKey

  /// Nil unless the text is base64 of exactly 32 bytes.
  package init?(base64: String) {
    guard let bytes = Data(base64Encoded: base64), bytes.count == 32 else { return nil }
    key = SymmetricKey(data: bytes)
    id = SHA256.hash(data: bytes).prefix(4).map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }

  package var description: String { "key \(id)" }
  package var customMirror: Mirror { Mirror(self, children: ["id": id]) }

  /// Nonce, ciphertext and tag. What is sealed for one connection can't be opened for another.
  package func seal(_ plain: [UInt8], for connectionId: String) throws(SecretError) -> [UInt8] {
    let box = try? AES.GCM.seal(plain, using: key, authenticating: Array(connectionId.lowercased().utf8))
    guard let combined = box?.combined else { throw SecretError("the credentials could not be encrypted") }
    return Array(combined)
  }

  package func open(_ sealed: [UInt8], for connectionId: String) throws(SecretError) -> [UInt8] {
    guard let box = try? AES.GCM.SealedBox(combined: sealed),
      let plain = try? AES.GCM.open(box, using: key, authenticating: Array(connectionId.lowercased().utf8))
    else {
      throw SecretError("the credentials were changed, or belong to another connection")
    }
    return Array(plain)
  }
}

/// The key in use and those that older credentials may still be sealed with.
package struct SecretKeys: Sendable {
  package let current: SecretKey
  private let known: [String: SecretKey]

  package init(current: SecretKey, retired: [SecretKey] = []) {
    self.current = current
    known = Dictionary((retired + [current]).map { ($0.id, $0) }) { $1 }
  }

  /// Opens what the key of that id sealed.
  package func open(
    _ sealed: [UInt8], sealedWith keyId: String, for connectionId: String
  ) throws(SecretError) -> [UInt8] {
    guard let key = known[keyId] else {
      throw SecretError(
        "the credentials are encrypted with key \(keyId), but CROSSDOCK_SECRET_KEY is key \(current.id)")
    }
    return try key.open(sealed, for: connectionId)
  }
}

/// Why credentials can't be sealed or opened.
package struct SecretError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
