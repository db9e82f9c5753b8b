package import AsyncHTTPClient
package import Logging
package import Marketplaces

extension AllegroAdapter {
  /// The application that Allegro's sellers have authorised (`ALLEGRO_CLIENT_ID`, `ALLEGRO_CLIENT_SECRET`).
  package struct Application: Sendable {
    var clientId: String?
    var clientSecret: String?

    package init(clientId: String?, clientSecret: String?) {
      self.clientId = clientId
      self.clientSecret = clientSecret
    }
  }

  /// The adapter of a connection over HTTP, with its tokens, its share of calls and its breakers in Postgres.
  package static func connect(
    to connection: MarketplaceConnection, store: ConnectionStore, http: HTTPClient, application: Application,
    filter: OrderFilter = .standard, logger: Logger
  ) -> AllegroAdapter {
    let transport = HTTPTransport(client: http, baseURL: connection.baseURL)
    let oauth = AllegroOAuth(
      transport: transport, baseURL: connection.baseURL, application: application)
    let tokens = OAuthTokens(store: store, connectionId: connection.id) {
      token, secrets throws(MarketplaceError) in
      try await oauth.refresh(token, secrets)
    }
    return AllegroAdapter(
      connection: connection,
      client: store.client(
        of: connection, over: http, allowance: allowance, authorisation: tokens, logger: logger),
      filter: filter)
  }
}
