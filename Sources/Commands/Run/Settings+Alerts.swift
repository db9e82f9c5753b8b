import Alerts
import AsyncHTTPClient
import Desk
import Settings
import Topology

extension Settings {
  /// The queues as the broker has them; empty when it is away.
  var queueFigures: Watchman.Queues {
    { [self] in
      let topology = self.topology
      let depths = try? await withBroker { try topology.depths(on: $0) }
      return (depths ?? []).map {
        .init(name: $0.name, ready: $0.ready, consumers: $0.consumers, dead: $0.dead)
      }
    }
  }

  /// Hands alerts to `ALERT_WEBHOOK_URL`; nil when there is none.
  func alertPost(over client: HTTPClient) -> Watchman.Post? {
    guard let alertWebhookURL else { return nil }
    let receiver = AlertReceiver(client: client, url: alertWebhookURL.revealed, origin: namespace)
    return { try await receiver.post($0) }
  }
}
