package import JSON
package import Time

/// An access token and the single-use refresh token that came with it. It prints without them.
package struct TokenPair: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  package var accessToken: String
  package var refreshToken: String?
  package var expiresAt: Timestamp?

  package init(accessToken: String, refreshToken: String?, expiresAt: Timestamp?) {
    self.accessToken = accessToken
    self.refreshToken = refreshToken
    self.expiresAt = expiresAt
  }

  package var description: String { "token pair, expires \(expiresAt?.description ?? "never")" }
  package var customMirror: Mirror { Mirror(self, children: []) }

  /// The pair that is kept among a connection's credentials; nil when there is none yet.
  package init?(secrets: Secrets) {
    guard let accessToken = secrets.text("accessToken", "token") else { return nil }
    self.init(
      accessToken: accessToken, refreshToken: secrets.text("refreshToken"),
      expiresAt: secrets.text("expiresAt").flatMap { Timestamp($0) })
  }

  /// The answer of an OAuth token endpoint (RFC 6749, section 5.1); nil when it has no access token.
  package init?(answer: JSON, at now: Timestamp) {
    guard let accessToken = answer["access_token"].text, !accessToken.isEmpty else { return nil }
    let lifetime = answer["expires_in"].integer.map { min(max($0, 0), 366 * 86_400) }
    self.init(
      accessToken: accessToken, refreshToken: answer["refresh_token"].text,
      expiresAt: lifetime.map { now + .seconds($0) })
  }

  /// Puts the pair among the credentials; without a new refresh token the old one stays.
  package func write(to secrets: inout Secrets) {
    secrets.set("accessToken", to: .string(accessToken))
    if let refreshToken { secrets.set("refreshToken", to: .string(refreshToken)) }
    secrets.set("expiresAt", to: .time(expiresAt))
  }

  /// Whether it is worth a call: a pair is renewed a minute before its end.
  package func isFresh(at now: Timestamp) -> Bool {
    expiresAt.map { now + .seconds(60) < $0 } ?? true
  }
}
