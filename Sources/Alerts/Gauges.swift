import Metrics
import NIOConcurrencyHelpers

/// The figures as metrics. Unknown is NaN, never 0.
final class Gauges: Sendable {
  private let packets = Gauge(label: "crossdock_outbox_packets")
  private let age = Gauge(label: "crossdock_outbox_oldest_seconds")
  private let oversold = Gauge(label: "crossdock_stock_oversold")
  /// The breakers that were open when last looked at, to show them as closed.
  private let open = NIOLockedValueBox<[Figures.OpenBreaker]>([])
  private let counted = NIOLockedValueBox<[Figures.ConnectionCount]>([])

  func record(_ figures: Figures) {
    packets.record(figures.outboxPackets)
    age.record(figures.outboxSeconds ?? 0)
    oversold.record(figures.oversold.count)
    for queue in figures.queues {
      record("crossdock_queue_ready", queue.ready, queue.name)
      record("crossdock_queue_consumers", queue.consumers, queue.name)
      record("crossdock_queue_dead_letters", queue.dead, queue.name)
    }
    let before = open.withLockedValue { open in
      defer { open = figures.openBreakers }
      return open
    }
    for breaker in before + figures.openBreakers {
      Gauge(
        label: "crossdock_breaker_open",
        dimensions: [
          ("platform", breaker.platform), ("connection", breaker.connectionId), ("class", breaker.errorClass),
        ]
      ).record(figures.openBreakers.contains(breaker) ? 1 : 0)
    }
    recordConnections(figures.connections)
  }

  private func record(_ label: String, _ value: Int?, _ queue: String) {
    Gauge(label: label, dimensions: [("queue", queue)]).record(value.map(Double.init) ?? .nan)
  }

  private func recordConnections(_ now: [Figures.ConnectionCount]) {
    let before = counted.withLockedValue { counted in
      defer { counted = now }
      return counted
    }
    let gone = before.filter { old in !now.contains { $0.platform == old.platform && $0.status == old.status }
    }
    for (count, value) in now.map({ ($0, $0.count) }) + gone.map({ ($0, 0) }) {
      Gauge(
        label: "crossdock_connections", dimensions: [("platform", count.platform), ("status", count.status)]
      ).record(value)
    }
  }
}
