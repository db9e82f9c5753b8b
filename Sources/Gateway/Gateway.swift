import HTTPTypes
package import Hummingbird
import JSON
package import Logging
package import ServiceLifecycle

/// The HTTP side of a process: health and metrics.
package struct Gateway: Service {
  private let host: String
  private let port: Int
  private let metrics: MetricsRegistry
  private let live: [HealthCheck]
  private let ready: [HealthCheck]
  private let logger: Logger

  /// `live` says whether the process should be started anew, `ready` whether it does its work now.
  package init(
    host: String = "0.0.0.0", port: Int, metrics: MetricsRegistry, live: [HealthCheck] = [],
    ready: [HealthCheck], logger: Logger
  ) {
    self.host = host
    self.port = port
    self.metrics = metrics
    self.live = live
    self.ready = ready
    self.logger = logger
  }

  package func run() async throws {
    var quiet = logger
    quiet.logLevel = max(logger.logLevel, .notice)
    let application = Application(
      router: router,
      configuration: .init(address: .hostname(host, port: port), serverName: "crossdock"),
      onServerRunning: { [logger] channel in
        logger.info("listening", metadata: ["port": "\(channel.localAddress?.port ?? 0)"])
      },
      logger: quiet)
    try await application.run()
  }

  /// The routes, also for tests without a socket.
  package var router: Router<BasicRequestContext> {
    let router = Router()
    router.get("/metrics") { _, _ in
      Self.response(.ok, Exposition.contentType, metrics.exposition)
    }
    router.get("/health/live") { _, _ in await Self.health(live) }
    router.get("/health/ready") { _, _ in await Self.health(ready) }
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
