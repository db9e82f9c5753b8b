package import AsyncHTTPClient
import Events
package import Logging

extension ConnectionStore {
  /// The calls of a connection over HTTP, with the allowance and the breakers that it shares with all workers.
  package func client(
    of connection: MarketplaceConnection, over http: HTTPClient, allowance: CallBucket.Allowance,
    authorisation: any Authorisation, logger: Logger
  ) -> MarketplaceClient {
    MarketplaceClient(
      transport: MeteredTransport(
        transport: HTTPTransport(client: http, baseURL: connection.baseURL),
        platform: connection.platform.rawValue),
      gate: SharedGate(
        database: database, connectionId: connection.id, allowance: allowance, logger: logger),
      authorisation: authorisation)
  }

  /// The same with a header that is made of the connection's stored credentials.
  package func client(
    of connection: MarketplaceConnection, over http: HTTPClient, allowance: CallBucket.Allowance,
    logger: Logger, header: @escaping StoredAuthorisation.Make
  ) -> MarketplaceClient {
    client(
      of: connection, over: http, allowance: allowance,
      authorisation: StoredAuthorisation(store: self, connectionId: connection.id, make: header),
      logger: logger)
  }
}
