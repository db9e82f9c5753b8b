package import AsyncHTTPClient
package import Logging
package import Marketplaces

extension BackMarketAdapter {
  /// The adapter of a connection over HTTP. Its credentials are `{"token":"…"}`, as the back office shows it.
  package static func connect(
    to connection: MarketplaceConnection, store: ConnectionStore, http: HTTPClient,
    filter: OrderFilter = .standard, logger: Logger
  ) -> BackMarketAdapter {
    let client = store.client(of: connection, over: http, allowance: allowance, logger: logger) { secrets in
      secrets.text("token").map { AuthorisationHeader(name: "authorization", value: "Basic " + $0) }
    }
    return BackMarketAdapter(connection: connection, client: client, filter: filter)
  }
}
