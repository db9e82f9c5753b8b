package import Logging
package import RabbitMQ
package import Topology

/// Every setting of one process, checked; the names in the comments are the environment's.
package struct Settings: Sendable {
  /// `DATABASE_URL`: any libpq connection string.
  package var databaseURL: Secret?
  /// `AMQP_URL`: one or several brokers.
  package var brokers: [Address]
  /// `AMQP_MANAGEMENT_URL`: with it `queues` knows rates and ages.
  package var managementURL: Secret?
  /// `AMQP_CA_FILE`, `HTTP_CA_FILE`: certificates to trust besides the system's.
  package var brokerAuthorityFile: String?
  package var httpAuthorityFile: String?
  /// `CROSSDOCK_NAMESPACE`: the first part of every exchange and queue name.
  package var namespace: String
  /// `CROSSDOCK_SECRET_KEY`: 32 bytes in base64, for credentials at rest.
  package var secretKey: Secret?

  /// `CROSSDOCK_SECRET_KEY_RETIRED`: keys that some credentials may still be sealed with.
  package var retiredSecretKeys: Secret?

  /// `API_JWT_SECRET`
  package var tokenSecret: Secret?
  /// `API_JWKS_FILE`: public keys of an identity provider whose tokens count too.
  package var tokenKeysFile: String?
  /// `API_GATEWAY_PORT`
  package var gatewayPort: Int
  /// `METRICS_PORT`, of processes without a gateway.
  package var metricsPort: Int
  /// `BASE_URL`: how marketplaces reach the gateway.
  package var baseURL: String
  /// `TRUSTED_PROXIES`: addresses and networks whose `X-Forwarded-For` is believed.
  package var trustedProxies: [String]
  /// `ALERT_WEBHOOK_URL`
  package var alertWebhookURL: Secret?

  /// `LOG_LEVEL`
  package var logLevel: Logger.Level
  /// `LOG_FORMAT`
  package var logFormat: LogFormat

  /// `CROSSDOCK_LANES`: per role and process.
  package var lanes: Int
  /// `CROSSDOCK_DELAYS`
  package var delays: Delays
  /// `CROSSDOCK_MAX_ATTEMPTS`
  package var maxAttempts: Int
  /// `CROSSDOCK_DELIVERY_LIMIT`
  package var deliveryLimit: Int

  /// `EVENT_POLLING_INTERVAL`: cron expression or number of minutes, as written.
  package var eventPollingInterval: String
  /// `CROSSDOCK_POLL_SECONDS`: polls every feed at this pace, in place of the intervals.
  package var pollSeconds: Double?
  /// `ENABLE_ORDER_POLLING`
  package var isOrderPollingEnabled: Bool
  /// `ORDER_POLLING_INTERVAL_MINUTES`
  package var orderPollingInterval: Int
  /// `ORDER_POLLING_LOOKBACK_MINUTES`
  package var orderPollingLookback: Int
  /// `ORDER_POLLING_BATCH_SIZE`
  package var orderPollingBatchSize: Int
  /// `ORDER_POLLING_MAX_PAGES`
  package var orderPollingMaxPages: Int
  /// `ALLOWED_ORDER_FINANCIAL_STATUSES`, in upper case.
  package var allowedFinancialStatuses: [String]
  /// `INCLUDE_TEST_ORDERS`
  package var includesTestOrders: Bool
  /// `ORDER_EVENT_SWEEP_SECONDS`
  package var orderEventSweepSeconds: Int

  /// `ENABLE_WEBHOOKS`: whether order webhooks are worked on.
  package var areOrderWebhooksEnabled: Bool
  /// `WEBHOOK_MAX_AGE_HOURS`: older ones are kept and have no effect.
  package var webhookMaxAgeHours: Int
  /// `WEBHOOK_RATE_LIMIT_PER_MINUTE`, per connection.
  package var webhookRateLimit: Int
  /// `ENABLE_TEST_ENDPOINTS`
  package var areTestEndpointsEnabled: Bool

  /// `RECONCILE_AT`: cron expression, as written.
  package var reconcileAt: String
  /// `LOW_STOCK_THRESHOLD`
  package var lowStockThreshold: Int
  /// `MESSAGING_MAX_AGE_HOURS`: nothing is sent to buyers of older orders.
  package var messagingMaxAgeHours: Int
  /// `MESSAGE_TEMPLATES`: a folder of the user's own texts to buyers, `<language>/<kind>.mustache`.
  package var messageTemplates: String?

  /// `ALLEGRO_CLIENT_ID`, `ALLEGRO_CLIENT_SECRET`
  package var allegroClientID: String?
  package var allegroClientSecret: Secret?
  /// `SHOPIFY_API_KEY`, `SHOPIFY_API_SECRET`, `SHOPIFY_WEBHOOK_SECRET`
  package var shopifyKey: String?
  package var shopifySecret: Secret?
  package var shopifyWebhookSecret: Secret?

  /// What is in force, by name, secrets masked: for `crossdock doctor`.
  package var effective: [Effective]

  package struct Effective: Sendable, Equatable {
    package var name: String
    package var value: String
    /// Where it comes from: `environment`, a file's path, or `default`.
    package var origin: String
  }
}

/// How log lines look.
package enum LogFormat: String, Sendable, CaseIterable {
  case text, json
}
