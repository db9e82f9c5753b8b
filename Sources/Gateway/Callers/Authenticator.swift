import Crypto
package import Foundation
import HTTPTypes
import JWTKit

/// Checks bearer tokens, and signs those that this installation gives out itself.
package struct Authenticator: Sendable {
  private let keys: JWTKeyCollection
  private let canSign: Bool

  /// - Parameters:
  ///   - secret: signs and checks HS256 tokens (`API_JWT_SECRET`).
  ///   - keySet: a JSON Web Key Set (RFC 7517) with the RSA, EC or Ed25519 public keys of an identity provider; each
  ///     needs a `kid`. It only checks.
  package init(secret: String?, keySet: String? = nil) async throws {
    keys = JWTKeyCollection()
    canSign = secret != nil
    if let keySet { try await keys.add(jwksJSON: keySet) }
    // Last, so that a token without a key id is checked with the secret.
    if let secret { await keys.add(hmac: Self.key(secret), digestAlgorithm: .sha256) }
  }

  /// HMAC itself fills a key up with zeros (RFC 2104), so these change no signature; the library wants 32 bytes.
  private static func key(_ secret: String) -> HMACKey {
    let bytes = Array(secret.utf8)
    return HMACKey(key: SymmetricKey(data: bytes + Array(repeating: 0, count: max(0, 32 - bytes.count))))
  }

  /// Whom a token names.
  package func caller(of token: String) async throws(Problem) -> Caller {
    guard let claims = try? await keys.verify(token, as: BearerClaims.self) else {
      throw .unauthorized("the token is not valid, or no longer")
    }
    guard let role = Caller.Role(rawValue: claims.role), !claims.sub.value.isEmpty else {
      throw .unauthorized("the token names no subject, or a role that is none of seller, operator and admin")
    }
    return Caller(subject: claims.sub.value, role: role)
  }

  /// A token for `caller`, valid for so many seconds.
  package func token(for caller: Caller, validFor seconds: Int, now: Date = Date()) async throws -> String {
    guard canSign else { throw Problem(.serviceUnavailable, "there is no secret to sign tokens with") }
    return try await keys.sign(
      BearerClaims(
        sub: .init(value: caller.subject), role: caller.role.rawValue, iat: .init(value: now), nbf: nil,
        exp: .init(value: now.addingTimeInterval(Double(seconds)))))
  }
}

/// What a bearer token says.
private struct BearerClaims: JWTPayload {
  var sub: SubjectClaim
  var role: String
  var iat: IssuedAtClaim?
  var nbf: NotBeforeClaim?
  var exp: ExpirationClaim

  func verify(using algorithm: some JWTAlgorithm) throws {
    try exp.verifyNotExpired()
    try nbf?.verifyNotBefore()
  }
}
