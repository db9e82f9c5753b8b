import JSON
package import Marketplaces
import Time

import struct Foundation.Data

/// Allegro's token service (OAuth 2, RFC 6749).
package struct AllegroOAuth: Sendable {
  let transport: any MarketplaceTransport
  let tokenURL: String
  let clientId: String?
  let clientSecret: String?

  /// `clientId` and `clientSecret` are the application's (`ALLEGRO_CLIENT_ID`, `ALLEGRO_CLIENT_SECRET`); a connection
  /// whose credentials name their own uses these.
  package init(
    transport: any MarketplaceTransport, baseURL: String, clientId: String?, clientSecret: String?
  ) {
    self.transport = transport
    tokenURL = Self.serviceURL(for: baseURL)
    self.clientId = clientId
    self.clientSecret = clientSecret
  }

  /// The token service of an API: `https://api.allegro.pl` has it at `https://allegro.pl`, all others have it
  /// where the API is.
  package static func serviceURL(for baseURL: String) -> String {
    let api = "https://api.allegro.pl"
    return baseURL.hasPrefix(api) ? "https://allegro.pl" + baseURL.dropFirst(api.count) : baseURL
  }

  /// Where the seller says yes in a browser.
  package func authorizationURL(redirectURL: String, state: String) throws(MarketplaceError) -> String {
    guard let clientId else { throw Self.noClient }
    let base = tokenURL.hasSuffix("/") ? String(tokenURL.dropLast()) : tokenURL
    let call = MarketplaceCall(
      .get, "/auth/oauth/authorize",
      query: [
        ("response_type", "code"), ("client_id", clientId), ("redirect_uri", redirectURL), ("state", state),
      ])
    return base + call.target
  }

  /// Trades the code of the browser's redirection for the first pair.
  package func exchange(code: String, redirectURL: String) async throws(MarketplaceError) -> TokenPair {
    try await token(
      [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURL)], Secrets())
  }

  /// Trades a refresh token for a new pair; the old one is dead from then on.
  package func refresh(
    _ refreshToken: String, _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair {
    try await token([("grant_type", "refresh_token"), ("refresh_token", refreshToken)], secrets)
  }

  private static let noClient = MarketplaceError.unauthorised(
    "ALLEGRO_CLIENT_ID and ALLEGRO_CLIENT_SECRET are not set")

  private func token(
    _ form: [(name: String, value: String)], _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair {
    guard let id = secrets.text("clientId") ?? clientId,
      let secret = secrets.text("clientSecret") ?? clientSecret
    else { throw Self.noClient }
    let body = form.map { PercentEncoding.query($0.name) + "=" + PercentEncoding.query($0.value) }
    let call = MarketplaceCall(
      .post, "/auth/oauth/token",
      headers: [
        ("authorization", "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()),
        ("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"),
      ], body: Array(body.joined(separator: "&").utf8), baseURL: tokenURL)
    let answer = try await transport.send(call)
    let now = Timestamp.now()
    if answer.status == 400 { throw .unauthorised(Self.refusal(answer)) }
    if let failure = AnswerRules.failure(of: answer, to: call, now: now) { throw failure }
    guard let pair = TokenPair(answer: try AnswerRules.json(of: answer), at: now) else {
      throw .malformed("the token service's answer has no access token")
    }
    return pair
  }

  /// Only the code of the refusal: its text may quote a token.
  private static func refusal(_ answer: MarketplaceAnswer) -> String {
    let code = (try? AnswerRules.json(of: answer))?["error"].text ?? "status 400"
    return "the token service answers \(code.prefix(40)); authorise the connection again"
  }
}
