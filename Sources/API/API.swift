package import Desk
package import EventStatus
package import Gateway
package import Marketplaces
package import Polling
package import Postgres

/// The routes of the HTTP API: what CONTRACT section 7 lists beside webhooks, streams, metrics and signing in.
package struct API: Sendable {
  package var database: Database
  package var adapters: Adapters
  /// How far published events are.
  package var status: EventStatus
  /// What the environment says about polling.
  package var polling: PollSettings
  package var areOrderWebhooksEnabled: Bool
  package var messagingMaxAge: Duration
  /// `BASE_URL`
  package var baseURL: String
  package var queues: @Sendable () async throws -> [QueueDepth]
  package var desk: DeadLetterDesk
  /// The present consumers, for rehearsals.
  package var rehearsers: [Rehearser]

  package init(
    database: Database, adapters: Adapters, status: EventStatus, polling: PollSettings,
    areOrderWebhooksEnabled: Bool, messagingMaxAge: Duration, baseURL: String,
    queues: @escaping @Sendable () async throws -> [QueueDepth], desk: DeadLetterDesk,
    rehearsers: [Rehearser] = []
  ) {
    self.database = database
    self.adapters = adapters
    self.status = status
    self.polling = polling
    self.areOrderWebhooksEnabled = areOrderWebhooksEnabled
    self.messagingMaxAge = messagingMaxAge
    self.baseURL = baseURL
    self.queues = queues
    self.desk = desk
    self.rehearsers = rehearsers
  }
}

extension API: Routes {
  package func add(to routes: GatewayRoutes) {
    let waits = EventWaits(database: database, status: status)
    let features: [any Routes] = [
      StockRoutes(database: database, waits: waits),
      ListRoutes(database: database),
      PollingRoutes(
        database: database, settings: polling, areWebhooksEnabled: areOrderWebhooksEnabled, feeds: feeds),
      OrderEventRoutes(database: database, waits: waits, maxAge: messagingMaxAge),
      MonitorRoutes(database: database, queues: queues),
      DeadLetterRoutes(database: database, desk: desk, rehearsers: rehearsers),
      RealtimeRoutes(database: database, adapters: adapters, baseURL: baseURL),
      OpenAPIRoutes(),
    ]
    for feature in features { feature.add(to: routes) }
  }

  private var feeds: @Sendable (MarketplaceConnection) -> Set<Feed> {
    { [adapters] connection in (try? adapters.adapter(for: connection))?.features.feeds ?? [] }
  }
}
