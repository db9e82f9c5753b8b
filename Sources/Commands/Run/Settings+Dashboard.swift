import Dashboard
import Desk
import Gateway
import Logging
import Postgres
import Settings

extension Settings {
  /// The dashboard, whose pages are made of what the API's `routes` answer. Without `API_JWT_SECRET` there is none: its
  /// links could not be signed.
  func dashboard(
    over routes: [any Routes], _ database: Database, _ authenticator: Authenticator,
    _ metrics: MetricsRegistry,
    _ logger: Logger
  ) throws -> [any Routes] {
    guard let secret = tokenSecret?.revealed else { return [] }
    let api = Gateway(
      port: 0, metrics: metrics, ready: [], routes: routes, authenticator: authenticator,
      logger: logger)
    let settings = self
    let dashboard = try Dashboard(
      api: InternalAPI(api.responder), authenticator: authenticator, secret: secret, database: database,
      baseURL: baseURL, logger: logger
    ) { try await settings.queueDepths().map(\.json) }
    return [dashboard, LivePages(dashboard, logger: logger)]
  }
}
