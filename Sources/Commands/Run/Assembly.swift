import API
import Alerts
import AsyncHTTPClient
import Buyers
import Conversations
import Disputes
import EventStatus
import Gateway
import Intake
import Lane
import Live
import Logging
import Marketplaces
import Messaging
import Metrics
import OrderEvents
import OrderSync
import Outbox
import Polling
import Postgres
import Propagation
import Push
import Realtime
import Reconciliation
import ServiceLifecycle
import Settings
import StockLedger
import Topology
import UnixSignals

/// The services of one process, put together from the settings and run until a signal ends them.
struct Assembly {
  private let settings: Settings
  private let logger: Logger
  private let lanes: LaneConfiguration
  private let database: Database
  private var access: MarketplaceAccess?
  private var services: [any Service] = []
  private var ready: [HealthCheck] = []
  private var intakeDatabase: Database?
  private var live: [HealthCheck] = []
  private var routes: [any Routes] = []

  /// The process's metrics. The metrics system can be set up only once in a process.
  private static let metrics: MetricsRegistry = {
    let registry = MetricsRegistry()
    MetricsSystem.bootstrap(registry)
    return registry
  }()

  init(_ settings: Settings) throws {
    self.settings = settings
    logger = settings.logger("crossdock")
    let url = try settings.requiredDatabaseURL().revealed
    lanes = LaneConfiguration(
      brokers: try settings.requiredBrokers(), database: url, topology: settings.topology,
      maxAttempts: settings.maxAttempts, build: Version.number)
    database = Database(url: url, connections: 8, name: "crossdock", patience: .seconds(30))
    _ = Self.metrics
    addDatabaseCheck()
  }

  // MARK: What the process does

  mutating func add(_ roles: [Role]) throws {
    for role in roles {
      switch role {
      case .relay: try addRelay()
      case .poll: try addPolling()
      case .orderSync: try addLanes(.orderSync, settings.makeOrderSync(logger))
      case .messaging: try addLanes(.messaging, try settings.makeMessaging())
      case .disputes: try addLanes(.disputes, try settings.makeDisputes())
      case .stockLedger: try addLanes(.stockLedger, settings.makeStockLedger(logger))
      case .propagation: try addLanes(.propagation, settings.makePropagation(logger))
      case .push: try addPushing()
      case .reconcile: try addReconciliation()
      }
    }
  }

  private mutating func addLanes<C: Consumer & SendableMetatype>(
    _ queue: Queue, _ make: @escaping @Sendable () -> C
  ) throws {
    for number in 1...settings.lanes {
      let lane = try LaneService(queue, make, configuration: lanes, logger: logger)
      services.append(lane)
      watch("\(lane.name) \(number)", lane.control)
    }
  }

  /// Fires the feeds that are due; one process leads, however many there are.
  mutating func addScheduler() throws {
    let polling = settings.polling
    let scheduler = Scheduler(
      database: database, pause: settings.pollSeconds.map { .seconds(min($0, 1)) } ?? .seconds(1),
      logger: logger, feeds: try marketplaceAccess().feeds, settings: { polling })
    services.append(scheduler)
    services.append(MaintenanceService(desk: try settings.desk(), logger: logger))
    services.append(EventStatusService(settings.eventStatus, database: database, logger: logger))
    services.append(
      OrderEventSweepService(
        database: database, pause: .seconds(settings.orderEventSweepSeconds),
        maxAge: settings.messagingMaxAge,
        logger: logger))
    let access = try marketplaceAccess()
    services.append(
      WebhookUpkeep(
        database: database, connections: access.connections, adapters: access.adapters,
        baseURL: settings.baseURL, logger: logger))
    services.append(PrivacyRequests(database: database, logger: logger))
    guard let schedule = FeedSchedule.parse(settings.reconcileAt) else { return }
    services.append(
      ReconciliationSchedule(
        database: database, schedule: schedule, logger: logger, feeds: access.feeds))
  }

  private mutating func addPolling() throws {
    let access = try marketplaceAccess()
    let polling = settings.polling
    let worker = PollWorker(
      database: database, connections: access.connections, adapters: access.adapters, logger: logger,
      settings: { polling })
    try addJobs(worker, concurrency: 8)
  }

  private mutating func addPushing() throws {
    let access = try marketplaceAccess()
    let worker = PushWorker(
      database: database, connections: access.connections, adapters: access.adapters,
      maxAttempts: settings.maxAttempts, lowThreshold: settings.lowStockThreshold, logger: logger)
    try addJobs(worker, concurrency: 8)
  }

  private mutating func addReconciliation() throws {
    let access = try marketplaceAccess()
    let worker = Reconciliation(
      database: database, connections: access.connections, adapters: access.adapters,
      lowThreshold: settings.lowStockThreshold, maxAttempts: settings.maxAttempts, logger: logger)
    try addJobs(worker, concurrency: 2)
  }

  private mutating func addJobs(_ worker: any JobHandler, concurrency: Int) throws {
    let lane = try JobLane(worker, concurrency: concurrency, configuration: lanes, logger: logger)
    services.append(lane)
    watch("jobs \(worker.queue.rawValue)", lane.control)
  }

  /// Made once per process, and closed when it ends.
  private mutating func marketplaceAccess() throws -> MarketplaceAccess {
    if let access { return access }
    let new = try MarketplaceAccess(settings: settings, database: database, logger: logger)
    access = new
    return new
  }

  private mutating func addRelay() throws {
    let relay = try Relay(
      configuration: .init(
        brokers: lanes.brokers, database: lanes.database, topology: lanes.topology, build: lanes.build),
      logger: logger)
    let control = relay.control
    services.append(relay)
    ready.append(HealthCheck("relay") { control.isConnected ? nil : "waiting for broker or database" })
  }

  /// The routes of a gateway beside health and metrics.
  mutating func addRoutes() throws {
    let access = try marketplaceAccess()
    // A marketplace waits for some seconds only (Shopify for five), and for nothing else that the database does.
    let intake = Database(
      url: lanes.database, connections: 4, name: "crossdock webhooks", patience: .seconds(3))
    intakeDatabase = intake
    let webhooks = WebhookRoutes(
      store: ConnectionStore(database: intake, keys: try settings.secretKeys()), database: intake,
      configuration: settings.intake(access.webhookReaders), logger: logger)
    routes.append(webhooks)
    if settings.areTestEndpointsEnabled { routes.append(WebhookTestRoutes(webhooks)) }
    routes.append(StreamRoutes(NewsFeed(url: lanes.database, database: database, logger: logger)))
    services.append(IdempotencySweep(Idempotency(database: database), logger: logger))
    services.append(
      Watchman(
        database: database, queues: settings.queueFigures, post: settings.alertPost(over: access.http),
        logger: logger))
    let settings = settings
    routes.append(
      API(
        database: database, adapters: access.adapters, status: settings.eventStatus,
        polling: settings.polling, areOrderWebhooksEnabled: settings.areOrderWebhooksEnabled,
        messagingMaxAge: settings.messagingMaxAge, baseURL: settings.baseURL,
        queues: { try await settings.queueDepths() }, desk: try settings.desk(),
        rehearsers: try settings.rehearsers()))
  }

  // MARK: Health

  private mutating func watch(_ name: String, _ control: LaneControl) {
    ready.append(
      HealthCheck(name) {
        switch control.state {
        case .consuming: nil
        case .starting: "starting"
        // Health is open to everybody; hosts and reasons are in the log.
        case .brokerAway: "the broker is away"
        case .databaseAway: "the database is away"
        case .stopped: "stopped"
        }
      })
    live.append(
      HealthCheck(name) {
        guard control.state == .consuming, control.sinceLastBeat > .seconds(300) else { return nil }
        return "nothing has moved for \(control.sinceLastBeat.components.seconds) s"
      })
  }

  private mutating func addDatabaseCheck() {
    let database = database
    ready.append(
      HealthCheck("database") {
        do {
          _ = try await database.withConnection { try $0.query("SELECT 1").count }
          return nil
        } catch {
          return "the database can't be used"
        }
      })
  }

  // MARK: Running

  /// Refuses to start on a schema or topology that is not there; servers that are away are waited for instead.
  func checkServers() async throws {
    try await Prerequisites(settings: settings, database: database, logger: logger).check()
  }

  /// Runs until SIGTERM or SIGINT; what is in hand then has 30 s.
  func run(port: Int, isGateway: Bool) async throws {
    let authenticator = isGateway ? try await settings.authenticator() : nil
    var routes = routes
    if let authenticator {
      routes += try settings.dashboard(over: routes, database, authenticator, Self.metrics, logger)
    }
    let gateway = Gateway(
      port: port, metrics: Self.metrics, live: live, ready: ready, routes: routes,
      authenticator: authenticator, proxies: try settings.proxies(), logger: logger)
    let front: any Service = isGateway ? gateway : OptionalPort(gateway: gateway, port: port, logger: logger)
    var configuration = ServiceGroupConfiguration(
      services: ([front] + services).map { .init(service: $0) },
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(30)
    logger.info("crossdock \(Version.number) starts", metadata: ["namespace": "\(settings.namespace)"])
    let result: Result<Void, any Error>
    do { result = .success(try await ServiceGroup(configuration: configuration).run()) } catch {
      result = .failure(error)
    }
    try? await access?.http.shutdown()
    await intakeDatabase?.shutdown()
    await database.shutdown()
    try result.get()
    logger.info("crossdock has stopped")
  }
}
