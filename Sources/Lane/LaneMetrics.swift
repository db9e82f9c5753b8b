import Metrics

/// A lane's figures, recorded once per batch.
struct LaneMetrics {
  private let handled: Counter
  private let delayed: Counter
  private let batches: Recorder
  private let time: Timer
  private let consumer: String

  init(consumer: String) {
    self.consumer = consumer
    let dimensions = [("consumer", consumer)]
    handled = Counter(label: "crossdock_messages_handled", dimensions: dimensions)
    delayed = Counter(label: "crossdock_messages_delayed", dimensions: dimensions)
    batches = Recorder(label: "crossdock_batch_size", dimensions: dimensions)
    time = Timer(label: "crossdock_batch_seconds", dimensions: dimensions)
  }

  func handled(_ dispositions: [Disposition], took duration: Duration) {
    var done = 0
    for disposition in dispositions {
      switch disposition {
      case .ack: done += 1
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
}
