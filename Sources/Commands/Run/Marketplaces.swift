import Allegro
import AsyncHTTPClient
import Events
import Logging
import Marketplaces
import Polling
import Postgres
import Settings

/// What is needed to call the marketplaces: their adapters, over one HTTP client.
struct MarketplaceAccess: Sendable {
  let connections: ConnectionStore
  let adapters: Adapters
  let http: HTTPClient

  init(settings: Settings, database: Database, logger: Logger) throws {
    let store = ConnectionStore(database: database, keys: try settings.secretKeys())
    let http = HTTPTransport.makeClient()
    let filter = OrderFilter(
      allowedStatuses: Set(settings.allowedFinancialStatuses),
      includesTestOrders: settings.includesTestOrders)
    let (id, secret) = (settings.allegroClientID, settings.allegroClientSecret?.revealed)
    connections = store
    self.http = http
    adapters = Adapters([
      .allegro: { connection in
        let transport = HTTPTransport(client: http, baseURL: connection.baseURL)
        let oauth = AllegroOAuth(
          transport: transport, baseURL: connection.baseURL, clientId: id, clientSecret: secret)
        let tokens = OAuthTokens(store: store, connectionId: connection.id, refresh: oauth.refresh)
        let gate = SharedGate(
          database: database, connectionId: connection.id, allowance: AllegroAdapter.allowance,
          logger: logger)
        return AllegroAdapter(
          connection: connection,
          client: MarketplaceClient(transport: transport, gate: gate, authorisation: tokens), filter: filter)
      }
    ])
  }

  /// The feeds that a connection's marketplace has.
  var feeds: @Sendable (MarketplaceConnection) -> Set<Feed> {
    { [adapters] connection in (try? adapters.adapter(for: connection))?.features.feeds ?? [] }
  }
}

extension Settings {
  /// What polling is told by the environment.
  var polling: PollSettings {
    PollSettings(
      events: FeedSchedule.parse(eventPollingInterval) ?? .every(.seconds(37 * 60)),
      isOrderPollingEnabled: isOrderPollingEnabled, orderMinutes: orderPollingInterval,
      lookbackMinutes: orderPollingLookback, batchSize: orderPollingBatchSize,
      maxPages: orderPollingMaxPages, override: pollSeconds)
  }
}
