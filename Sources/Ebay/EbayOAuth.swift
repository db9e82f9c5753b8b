package import Marketplaces

/// eBay's token service (OAuth 2, RFC 6749). Its refresh tokens live for 18 months and can be used again and again. The
/// credentials are those of the application: `{"clientId":"…","clientSecret":"…"}`.
package struct EbayOAuth: CodeGrant {
  let transport: any MarketplaceTransport
  /// Where owners say yes.
  let pages: String

  package init(transport: any MarketplaceTransport, baseURL: String) {
    self.transport = transport
    pages = Self.pages(for: baseURL)
  }

  /// What the adapter's calls need.
  static let scopes = ["sell.fulfillment", "sell.inventory", "sell.payment.dispute", "commerce.message"]

  /// The pages beside an API: `https://api.ebay.com` has them at `https://auth.ebay.com`, all others have them where the
  /// API is.
  package static func pages(for baseURL: String) -> String {
    let base = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
    return base.hasPrefix("https://api.") ? "https://auth." + base.dropFirst("https://api.".count) : base
  }

  /// eBay's `redirect_uri` is the name that it has given to the application's address (RuName).
  package func authorizationURL(
    redirectURL: String, state: String, _ secrets: Secrets
  ) throws(MarketplaceError) -> String {
    let scopes = Self.scopes.map { "https://api.ebay.com/oauth/api_scope/" + $0 }.joined(separator: " ")
    let call = MarketplaceCall(
      .get, "/oauth2/authorize",
      query: [
        ("client_id", try application(secrets).id), ("redirect_uri", redirectURL), ("response_type", "code"),
        ("state", state), ("scope", scopes),
      ])
    return pages + call.target
  }

  package func exchange(
    code: String, redirectURL: String, _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair {
    try await token(
      [("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirectURL)], secrets)
  }

  package func refresh(
    _ refreshToken: String, _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair {
    try await token([("grant_type", "refresh_token"), ("refresh_token", refreshToken)], secrets)
  }

  private func application(_ secrets: Secrets) throws(MarketplaceError) -> (id: String, secret: String) {
    guard let id = secrets.text("clientId"), let secret = secrets.text("clientSecret") else {
      throw .unauthorised("the connection's credentials lack clientId or clientSecret")
    }
    return (id, secret)
  }

  private func token(
    _ form: [(name: String, value: String)], _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair {
    let (id, secret) = try application(secrets)
    return try await TokenEndpoint.ask(
      MarketplaceCall(
        .post, "/identity/v1/oauth2/token",
        headers: TokenEndpoint.headers(clientId: id, clientSecret: secret), body: TokenEndpoint.form(form)),
      over: transport)
  }
}
