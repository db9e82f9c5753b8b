package import AsyncHTTPClient
package import Logging
package import Marketplaces

extension EbayAdapter {
  /// The adapter of a connection over HTTP. Its credentials are `{"clientId":"…","clientSecret":"…","refreshToken":"…"}`;
  /// the access token is kept beside them.
  package static func connect(
    to connection: MarketplaceConnection, store: ConnectionStore, http: HTTPClient,
    filter: OrderFilter = .standard, logger: Logger
  ) -> EbayAdapter {
    let oauth = EbayOAuth(
      transport: HTTPTransport(client: http, baseURL: connection.baseURL), baseURL: connection.baseURL)
    let tokens = OAuthTokens(store: store, connectionId: connection.id) {
      token, secrets throws(MarketplaceError) in
      try await oauth.refresh(token, secrets)
    }
    return EbayAdapter(
      connection: connection,
      client: store.client(
        of: connection, over: http, allowance: allowance, authorisation: tokens, logger: logger),
      filter: filter)
  }
}
