/// When figures are worth an alert.
package struct AlertRules: Sendable, Equatable {
  /// Messages ready in a queue.
  package var backlog: Int
  /// Seconds that the oldest packet of the outbox has waited.
  package var outboxSeconds: Double

  package static let standard = AlertRules(backlog: 10_000, outboxSeconds: 60)

  package init(backlog: Int, outboxSeconds: Double) {
    self.backlog = backlog
    self.outboxSeconds = outboxSeconds
  }

  /// The alerts that the figures are worth. What is unknown is worth none.
  package func alerts(for figures: Figures) -> [Alert] {
    var alerts: [Alert] = []
    for queue in figures.queues {
      if let dead = queue.dead, dead > 0 {
        alerts.append(
          Alert(
            .deadLetters, about: queue.name,
            "\(dead) dead letters in \(queue.name): `crossdock dlq groups` says why they died"))
      }
      if let ready = queue.ready, ready > backlog {
        alerts.append(
          Alert(
            .backlog, about: queue.name,
            "\(ready) messages wait in \(queue.name), which \(queue.consumers ?? 0) consumers read"))
      }
    }
    if let age = figures.outboxSeconds, age > outboxSeconds {
      alerts.append(
        Alert(
          .outboxAge, about: "",
          "the oldest of \(figures.outboxPackets) packets in the outbox has waited "
            + "\(Int(age)) s for a relay"))
    }
    for breaker in figures.openBreakers {
      alerts.append(
        Alert(
          .breakerOpen, about: "\(breaker.connectionId)/\(breaker.errorClass)",
          "the breaker \(breaker.errorClass) of \(breaker.platform) connection \(breaker.name) is open: it isn't called"
        ))
    }
    for stock in figures.oversold {
      alerts.append(
        Alert(
          .oversold, about: String(stock.id),
          "SKU \(stock.sku) at marketplace \(stock.marketplaceId) is oversold: \(stock.onHand) on hand"))
    }
    return alerts
  }
}
