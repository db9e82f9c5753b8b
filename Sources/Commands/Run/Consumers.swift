import Conversations
import Desk
import Disputes
import Events
import Lane
import Logging
import Messaging
import OrderSync
import Propagation
import Settings
import StockLedger
import Topology

/// How each consumer of events is made, for the lanes and for rehearsals at the desk.
extension Settings {
  /// Whether the buyer of an order can be written to through the API of a platform.
  static let takesMessages: @Sendable (String) -> Bool = { Platform(rawValue: $0)?.takesMessages ?? false }

  /// Those of orders that count, for every consumer.
  private var financialStatuses: Set<String> { Set(allowedFinancialStatuses.map { $0.lowercased() }) }

  func makeStockLedger(_ logger: Logger) -> @Sendable () -> StockLedger {
    let (threshold, statuses) = (lowStockThreshold, financialStatuses)
    return { StockLedger(lowThreshold: threshold, allowedFinancialStatuses: statuses, logger: logger) }
  }

  func makeOrderSync(_ logger: Logger) -> @Sendable () -> OrderSync {
    let statuses = financialStatuses
    return { OrderSync(allowedFinancialStatuses: statuses, logger: logger) }
  }

  func makeMessaging() throws -> @Sendable () -> Messaging {
    let (templates, age) = (try loadTemplates(), Duration.seconds(messagingMaxAgeHours * 3_600))
    let statuses = financialStatuses
    return {
      Messaging(
        templates: templates, maxAge: age, allowedFinancialStatuses: statuses, canDeliver: Self.takesMessages)
    }
  }

  func makeDisputes() throws -> @Sendable () -> Disputes {
    let templates = try loadTemplates()
    return { Disputes(templates: templates, canDeliver: Self.takesMessages) }
  }

  /// Our texts to buyers, with those of `MESSAGE_TEMPLATES` in their place.
  private func loadTemplates() throws -> Templates {
    do throws(TemplateError) {
      return try Templates(overrides: messageTemplates)
    } catch {
      throw Failure(.configuration, "MESSAGE_TEMPLATES: \(error)")
    }
  }

  func makePropagation(_ logger: Logger) -> @Sendable () -> Propagation {
    { Propagation(logger: logger) }
  }

  /// The present consumers, to be run on dead letters; what they would log is nobody's concern.
  func rehearsers() throws -> [Rehearser] {
    let silent = Logger(label: "rehearsal") { _ in SwiftLogNoOpLogHandler() }
    return [
      Rehearser(.stockLedger, makeStockLedger(silent)), Rehearser(.orderSync, makeOrderSync(silent)),
      Rehearser(.messaging, try makeMessaging()), Rehearser(.disputes, try makeDisputes()),
      Rehearser(.propagation, makePropagation(silent)),
    ]
  }
}
