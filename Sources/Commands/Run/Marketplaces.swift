import Allegro
import AsyncHTTPClient
import BackMarket
import Clover
import Ebay
import Events
import Logging
import Marketplaces
import Polling
import Postgres
import Refurbed
import Settings
import Shopify
import Square
import WooCommerce

/// What is needed to call the marketplaces: their adapters, over one HTTP client.
struct MarketplaceAccess: Sendable {
  let connections: ConnectionStore
  let adapters: Adapters
  let http: HTTPClient
  /// How the webhooks of each marketplace that sends any are read.
  let webhookReaders: [Platform: any WebhookReader]
  private let applications: Applications

  /// Our applications at the marketplaces, as the environment names them.
  private struct Applications {
    var allegro: AllegroAdapter.Application
    var shopify: (key: String?, secret: String?)
  }

  init(settings: Settings, database: Database, logger: Logger) throws {
    let store = ConnectionStore(database: database, keys: try settings.secretKeys())
    let http: HTTPClient
    do {
      http =
        try settings.httpAuthorityFile.map { try HTTPTransport.makeClient(authorities: $0) }
        ?? HTTPTransport.makeClient()
    } catch {
      throw Failure(.configuration, "HTTP_CA_FILE is no file of PEM certificates: \(error)")
    }
    let filter = OrderFilter(
      allowedStatuses: Set(settings.allowedFinancialStatuses),
      includesTestOrders: settings.includesTestOrders)
    let allegro = AllegroAdapter.Application(
      clientId: settings.allegroClientID, clientSecret: settings.allegroClientSecret?.revealed)
    applications = Applications(
      allegro: allegro, shopify: (settings.shopifyKey, settings.shopifySecret?.revealed))
    connections = store
    self.http = http
    adapters = Adapters([
      .allegro: {
        AllegroAdapter.connect(
          to: $0, store: store, http: http, application: allegro, filter: filter, logger: logger)
      },
      .backmarket: {
        BackMarketAdapter.connect(to: $0, store: store, http: http, filter: filter, logger: logger)
      },
      .clover: {
        CloverAdapter.connect(to: $0, store: store, http: http, filter: filter, logger: logger)
      },
      .ebay: {
        EbayAdapter.connect(to: $0, store: store, http: http, filter: filter, logger: logger)
      },
      .refurbed: {
        RefurbedAdapter.connect(to: $0, store: store, http: http, filter: filter, logger: logger)
      },
      .shopify: {
        ShopifyAdapter.connect(to: $0, store: store, http: http, filter: filter, logger: logger)
      },
      .square: {
        SquareAdapter.connect(to: $0, store: store, http: http, filter: filter, logger: logger)
      },
      .woocommerce: {
        WooCommerceAdapter.connect(to: $0, store: store, http: http, filter: filter, logger: logger)
      },
    ])
    webhookReaders = [
      .clover: CloverWebhooks(), .refurbed: RefurbedWebhooks(), .shopify: ShopifyWebhookReader(),
      .square: SquareWebhookReader(), .woocommerce: WooCommerceWebhooks(),
    ]
  }

  /// How the owner of an account lets us in; nil where the marketplace gives a token in its own pages.
  func grant(for connection: MarketplaceConnection) -> (any CodeGrant)? {
    let transport = HTTPTransport(client: http, baseURL: connection.baseURL)
    switch connection.platform {
    case .allegro:
      return AllegroOAuth(
        transport: transport, baseURL: connection.baseURL, application: applications.allegro)
    case .ebay: return EbayOAuth(transport: transport, baseURL: connection.baseURL)
    case .shopify:
      return ShopifyOAuth(
        transport: transport, baseURL: connection.baseURL, clientId: applications.shopify.key,
        clientSecret: applications.shopify.secret)
    default: return nil
    }
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
