import Metrics
import RabbitMQ
import Time

/// A lane's figures, recorded once per batch.
struct LaneMetrics {
  private let handled: Counter
  private let delayed: Counter
  private let batches: Recorder
  private let time: Timer
  private let sincePublished: Timer
  private let sinceEvent: Timer
  private let consumer: String

  init(consumer: String) {
    self.consumer = consumer
    let dimensions = [("consumer", consumer)]
    handled = Counter(label: "crossdock_messages_handled", dimensions: dimensions)
    delayed = Counter(label: "crossdock_messages_delayed", dimensions: dimensions)
    batches = Recorder(label: "crossdock_batch_size", dimensions: dimensions)
    time = Timer(label: "crossdock_batch_seconds", dimensions: dimensions)
    sincePublished = Timer(label: "crossdock_publish_to_commit_seconds", dimensions: dimensions)
    sinceEvent = Timer(label: "crossdock_event_to_commit_seconds", dimensions: dimensions)
  }

  func handled(_ deliveries: [Delivery], as dispositions: [Disposition], took duration: Duration) {
    var done = 0
    let now = Timestamp.now()
    for (delivery, disposition) in zip(deliveries, dispositions) {
      switch disposition {
      case .ack:
        done += 1
        timed(delivery, at: now)
      case .delay, .wait: delayed.increment()
      case .deadLetter(let failure):
        Counter(
          label: "crossdock_messages_dead",
          dimensions: [("consumer", consumer), ("class", failure.errorClass.rawValue)]
        ).increment()
      }
    }
    handled.increment(by: done)
    batches.record(dispositions.count)
    time.record(duration: duration)
  }

  /// From the event's own time, which is told in whole seconds, and from its publishing to the commit.
  private func timed(_ delivery: Delivery, at now: Timestamp) {
    if case .integer(let published)? = delivery.header(LetterHeader.publishedAt) {
      sincePublished.recordMilliseconds(max(0, now.millisecondsSince1970 - published))
    }
    if let time = delivery.timestamp {
      sinceEvent.recordSeconds(max(0, now.secondsSince1970 - Int64(clamping: time)))
    }
  }
}
