package import Logging
import ServiceLifecycle

/// Forgets answers that nobody asks for again, once an hour.
package struct IdempotencySweep: Service {
  private let idempotency: Idempotency
  private let logger: Logger

  package init(_ idempotency: Idempotency, logger: Logger) {
    self.idempotency = idempotency
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      repeat {
        do { _ = try await idempotency.forgetOld() } catch { logger.debug("old answers stay: \(error)") }
      } while (try? await Task.sleep(for: .seconds(3_600))) != nil
    }
  }
}
