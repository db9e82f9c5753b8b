import Dashboard
import Desk
import Gateway
import JSON
import Logging
import Postgres
import Settings

/// Looks at the queues again and again: what came in since the last look, and how long those that are late take.
private actor QueueSampler {
  private let settings: Settings
  private var earlier: [QueueDepth] = []

  /// Fewer messages than these are worked off before anybody could add a lane, and so many lanes are tried then.
  private static let late = 1_000
  private static let more = 4

  init(settings: Settings) { self.settings = settings }

  func look() async throws -> [JSON] {
    let depths = try await settings.queueDepths(since: earlier)
    earlier = depths
    guard depths.contains(where: { $0.ready ?? 0 >= Self.late }) else { return depths.map(\.json) }
    let desk = try settings.desk()
    return try await onThread("queues") {
      try depths.map { depth in
        guard let queue = depth.queue, depth.ready ?? 0 >= Self.late else { return depth.json }
        let estimates = try [0, Self.more].compactMap {
          try desk.estimate(queue, additionalLanes: $0, depth: depth)
        }
        var json = depth.json
        json["drains"] = .array(
          estimates.map {
            ["lanes": .integer($0.newLanes), "seconds": $0.seconds.map { .init(floatLiteral: $0) } ?? .null]
          })
        return json
      }
    }
  }
}

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
    let sampler = QueueSampler(settings: self)
    let dashboard = try Dashboard(
      api: InternalAPI(api.responder), authenticator: authenticator, secret: secret, database: database,
      baseURL: baseURL, logger: logger
    ) { try await sampler.look() }
    return [dashboard, LivePages(dashboard, logger: logger)]
  }
}
