package import Outbox
package import Time

extension PollJob {
  /// The job as a message for the outbox; `now` is its timestamp.
  package func message(at now: Timestamp) -> OutboundMessage {
    OutboundMessage(
      route: .job(queue: "poll"), messageId: messageId, type: "poll", time: now, body: encode())
  }
}
