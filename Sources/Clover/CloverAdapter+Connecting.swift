package import AsyncHTTPClient
package import Logging
package import Marketplaces

extension CloverAdapter {
  /// The adapter of a connection over HTTP. Its credentials are `{"token":"…","webhookSecret":"…"}`; the latter is the
  /// `X-Clover-Auth` that Clover's dashboard shows.
  package static func connect(
    to connection: MarketplaceConnection, store: ConnectionStore, http: HTTPClient,
    filter: OrderFilter = .standard, logger: Logger
  ) -> CloverAdapter {
    let client = store.client(of: connection, over: http, allowance: allowance, logger: logger) { secrets in
      secrets.text("token", "accessToken").map {
        AuthorisationHeader(name: "authorization", value: "Bearer " + $0)
      }
    }
    return CloverAdapter(connection: connection, client: client, filter: filter)
  }
}
