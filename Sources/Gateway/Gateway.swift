import HTTPTypes
package import Hummingbird
import HummingbirdCore
import JSON
package import Logging
import NIOCore
import ServiceLifecycle

/// The HTTP side of a process: health and metrics, and in a gateway the routes of all features.
package struct Gateway: Service {
  private let host: String
  private let port: Int
  private let metrics: MetricsRegistry
  private let live: [HealthCheck]
  private let ready: [HealthCheck]
  private let routes: [any Routes]
  private let authenticator: Authenticator?
  private let patience: ClientPatience
  private let proxies: TrustedProxies
  private let logger: Logger

  /// `live` says whether the process should be started anew, `ready` whether it does its work now. Without an
  /// `authenticator` guarded routes answer 503.
  package init(
    host: String = "0.0.0.0", port: Int, metrics: MetricsRegistry, live: [HealthCheck] = [],
    ready: [HealthCheck], routes: [any Routes] = [], authenticator: Authenticator? = nil,
    patience: ClientPatience = .init(), proxies: TrustedProxies = .init(), logger: Logger
  ) {
    self.host = host
    self.port = port
    self.metrics = metrics
    self.live = live
    self.ready = ready
    self.routes = routes
    self.authenticator = authenticator
    self.patience = patience
    self.proxies = proxies
    self.logger = logger
  }

  package func run() async throws {
    try await application.run()
  }

  /// The server, also for tests that need a socket.
  package var application: Application<Responder> {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .notice)
    return Application(
      responder: responder,
      server: HTTPServerBuilder { [routes, authenticator, patience] responder in
        UpgradableChannel(
          http: HTTP1Channel(responder: responder), endpoints: routes.flatMap(\.sockets),
          authentication: Authentication(authenticator: authenticator), patience: patience)
      },
      configuration: .init(address: .hostname(host, port: port), serverName: "crossdock", backlog: 1_024),
      // The server ends first, so that what it has in hand is still served.
      services: routes.flatMap(\.services),
      onServerRunning: { [logger] channel in
        logger.info("listening", metadata: ["port": "\(channel.localAddress?.port ?? 0)"])
      },
      logger: quiet)
  }

  /// Answers requests, also in tests without a socket.
  package var responder: Responder { Responder(router) }

  /// Every route that there is.
  package var router: Router<GatewayContext> {
    let router = Router(context: GatewayContext.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: ClientNames(proxies: proxies))
    router.add(middleware: Problems())
    let all = GatewayRoutes(router, authenticator: authenticator)
    all.open.get("/metrics") { _, _ in
      var text = metrics.exposition + ProcessFigures.exposition
      text += "# TYPE crossdock_ready gauge\n"
      for check in await ready.results() {
        let labels = Exposition.labels([("check", check.name)])
        text += "crossdock_ready{\(labels)} \(check.problem == nil ? 1 : 0)\n"
      }
      return Self.response(.ok, Exposition.contentType, text)
    }
    all.open.get("/health/live") { _, _ in await Self.health(live) }
    all.open.get("/health/ready") { _, _ in await Self.health(ready) }
    for feature in routes { feature.add(to: all) }
    return router
  }

  private static func health(_ checks: [HealthCheck]) async -> Response {
    let results = await checks.results()
    let isWell = results.allSatisfy { $0.problem == nil }
    let body: JSON = [
      "status": .string(isWell ? "up" : "down"),
      "checks": .array(results.map { ["name": .string($0.name), "problem": .text($0.problem)] }),
    ]
    return response(isWell ? .ok : .serviceUnavailable, "application/json", body.description)
  }

  private static func response(_ status: HTTPResponse.Status, _ type: String, _ body: String) -> Response {
    Response(
      status: status, headers: [.contentType: type, .cacheControl: "no-store"],
      body: .init(byteBuffer: ByteBuffer(string: body)))
  }
}
