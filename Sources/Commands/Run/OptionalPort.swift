import Gateway
import Logging
import NIOCore
import ServiceLifecycle

/// Health and metrics of a process that has other work: when its port is taken it says so and goes on without.
struct OptionalPort: Service {
  let gateway: Gateway
  let port: Int
  let logger: Logger

  func run() async throws {
    do {
      try await gateway.run()
    } catch let error as IOError {
      logger.warning("no health and metrics on port \(port): \(error); set METRICS_PORT to a free one")
      try? await gracefulShutdown()
    }
  }
}
