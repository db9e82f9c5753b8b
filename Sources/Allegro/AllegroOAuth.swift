package import Marketplaces

/// Allegro's token service (OAuth 2, RFC 6749).
package struct AllegroOAuth: CodeGrant {
  let transport: any MarketplaceTransport
  let tokenURL: String
  let application: AllegroAdapter.Application

  /// A connection whose credentials name a `clientId` and a `clientSecret` of their own uses these.
  package init(
    transport: any MarketplaceTransport, baseURL: String, application: AllegroAdapter.Application
  ) {
    self.transport = transport
    tokenURL = Self.serviceURL(for: baseURL)
    self.application = application
  }

  /// The token service of an API: `https://api.allegro.pl` has it at `https://allegro.pl`, all others have it
  /// where the API is.
  package static func serviceURL(for baseURL: String) -> String {
    let api = "https://api.allegro.pl"
    return baseURL.hasPrefix(api) ? "https://allegro.pl" + baseURL.dropFirst(api.count) : baseURL
  }

  package func authorizationURL(
    redirectURL: String, state: String, _ secrets: Secrets
  ) throws(MarketplaceError) -> String {
    let (id, _) = try client(secrets)
    let base = tokenURL.hasSuffix("/") ? String(tokenURL.dropLast()) : tokenURL
    let call = MarketplaceCall(
      .get, "/auth/oauth/authorize",
      query: [
        ("response_type", "code"), ("client_id", id), ("redirect_uri", redirectURL),
        ("state", state),
      ])
    return base + call.target
  }

  package func exchange(
    code: String, redirectURL: String, _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair {
    try await token(
      [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURL)], secrets)
  }

  /// Trades a refresh token for a new pair; the old one is dead from then on.
  package func refresh(
    _ refreshToken: String, _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair {
    try await token([("grant_type", "refresh_token"), ("refresh_token", refreshToken)], secrets)
  }

  private func client(_ secrets: Secrets) throws(MarketplaceError) -> (id: String, secret: String) {
    guard let id = secrets.text("clientId") ?? application.clientId,
      let secret = secrets.text("clientSecret") ?? application.clientSecret
    else { throw .unauthorised("ALLEGRO_CLIENT_ID and ALLEGRO_CLIENT_SECRET are not set") }
    return (id, secret)
  }

  private func token(
    _ form: [(name: String, value: String)], _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair {
    let (id, secret) = try client(secrets)
    return try await TokenEndpoint.ask(
      MarketplaceCall(
        .post, "/auth/oauth/token", headers: TokenEndpoint.headers(clientId: id, clientSecret: secret),
        body: TokenEndpoint.form(form), baseURL: tokenURL),
      over: transport)
  }
}
