package import Logging
import Metrics
import NIOConcurrencyHelpers
package import Postgres
import ServiceLifecycle

/// Looks every quarter of a minute at how the installation stands, shows it in the metrics, and tells operators what they
/// should know: in the log and at `ALERT_WEBHOOK_URL`. Any number may look; each occurrence is told once.
package final class Watchman: Service {
  /// The queues as the broker has them; empty when it is away.
  package typealias Queues = @Sendable () async -> [Figures.QueueFigures]
  /// Hands an alert to its receiver; throws when it was not taken.
  package typealias Post = @Sendable (AlertBook.Entry) async throws -> Void

  private let database: Database
  private let queues: Queues
  private let post: Post?
  private let rules: AlertRules
  private let calm: Duration
  private let logger: Logger
  private let gauges = Gauges()

  static let pause = Duration.seconds(15)

  package init(
    database: Database, queues: @escaping Queues, post: Post?, rules: AlertRules = .standard,
    calm: Duration = AlertBook.calm, logger: Logger
  ) {
    self.database = database
    self.queues = queues
    self.post = post
    self.rules = rules
    self.calm = calm
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      while !Task.isCancelled {
        do { try await look() } catch { logger.debug("the installation can't be looked at: \(error)") }
        try? await Task.sleep(for: Self.pause)
      }
    }
  }

  /// Looks once, and sends what is to be sent.
  package func look() async throws {
    let queues = await queues()
    let (rules, calm) = (rules, calm)
    let (figures, new) = try await database.transaction { connection in
      var figures = try Figures.read(on: connection)
      figures.queues = queues
      // What the broker would say is unknown while it is away: then nothing is over.
      let new = try AlertBook.note(
        rules.alerts(for: figures), clearing: !queues.isEmpty, calm: calm, on: connection)
      return (figures, new)
    }
    gauges.record(figures)
    for alert in new { logger.warning("alert: \(alert.text)", metadata: ["kind": "\(alert.kind)"]) }
    try await send()
  }

  /// Sends what nobody has sent yet, also what an earlier process left behind. What is not taken stays.
  private func send() async throws {
    while let entry = try await database.withConnection({ try AlertBook.take(on: $0) }) {
      do { try await post?(entry) } catch {
        logger.warning("an alert was not taken by its receiver: \(error)")
        return
      }
      try await database.withConnection { try AlertBook.sent(entry, on: $0) }
    }
  }
}
