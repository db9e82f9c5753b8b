package import AsyncHTTPClient
package import Logging
package import Marketplaces

extension SquareAdapter {
  /// The adapter of a connection over HTTP, with its access token, its share of calls and its breakers in Postgres.
  package static func connect(
    to connection: MarketplaceConnection, store: ConnectionStore, http: HTTPClient,
    filter: OrderFilter = .standard, logger: Logger
  ) -> SquareAdapter {
    SquareAdapter(
      connection: connection,
      client: store.client(of: connection, over: http, allowance: allowance, logger: logger) { secrets in
        secrets.text("accessToken", "token").map {
          AuthorisationHeader(name: "authorization", value: "Bearer " + $0)
        }
      },
      filter: filter)
  }
}
