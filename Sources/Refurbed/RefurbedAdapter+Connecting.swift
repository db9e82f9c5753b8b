package import AsyncHTTPClient
package import Logging
package import Marketplaces

extension RefurbedAdapter {
  /// The adapter of a connection over HTTP. Its credentials are `{"token":"…","webhookSecret":"…"}`.
  package static func connect(
    to connection: MarketplaceConnection, store: ConnectionStore, http: HTTPClient,
    filter: OrderFilter = .standard, logger: Logger
  ) -> RefurbedAdapter {
    let client = store.client(of: connection, over: http, allowance: allowance, logger: logger) { secrets in
      secrets.text("token").map { AuthorisationHeader(name: "authorization", value: "Plain " + $0) }
    }
    return RefurbedAdapter(connection: connection, client: client, filter: filter)
  }
}
