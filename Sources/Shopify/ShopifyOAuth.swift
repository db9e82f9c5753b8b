package import Marketplaces

/// How a shop's owner lets our application in (`SHOPIFY_API_KEY`, `SHOPIFY_API_SECRET`; a connection whose credentials
/// have a `clientId` and a `clientSecret` uses these). The token works until the owner takes it back.
package struct ShopifyOAuth: CodeGrant {
  let transport: any MarketplaceTransport
  let baseURL: String
  let clientId: String?
  let clientSecret: String?

  package init(
    transport: any MarketplaceTransport, baseURL: String, clientId: String?, clientSecret: String?
  ) {
    self.transport = transport
    self.baseURL = baseURL.hasSuffix("/") ? String(baseURL.dropLast()) : baseURL
    self.clientId = clientId
    self.clientSecret = clientSecret
  }

  /// What the adapter's queries, mutations and webhooks need.
  static let scopes = [
    "read_orders", "read_products", "write_products", "read_inventory", "write_inventory", "read_locations",
    "read_shopify_payments_disputes",
  ]

  package func authorizationURL(
    redirectURL: String, state: String, _ secrets: Secrets
  ) throws(MarketplaceError) -> String {
    let call = MarketplaceCall(
      .get, "/admin/oauth/authorize",
      query: [
        ("client_id", try application(secrets).id), ("scope", Self.scopes.joined(separator: ",")),
        ("redirect_uri", redirectURL), ("state", state),
      ])
    return baseURL + call.target
  }

  package func exchange(
    code: String, redirectURL: String, _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair {
    let (id, secret) = try application(secrets)
    return try await TokenEndpoint.ask(
      MarketplaceCall(
        .post, "/admin/oauth/access_token",
        headers: [("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json")],
        body: TokenEndpoint.form([("client_id", id), ("client_secret", secret), ("code", code)])),
      over: transport)
  }

  private func application(_ secrets: Secrets) throws(MarketplaceError) -> (id: String, secret: String) {
    guard let id = secrets.text("clientId") ?? clientId,
      let secret = secrets.text("clientSecret") ?? clientSecret
    else { throw .unauthorised("SHOPIFY_API_KEY and SHOPIFY_API_SECRET are not set") }
    return (id, secret)
  }
}
