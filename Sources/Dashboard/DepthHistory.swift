import Foundation
import JSON
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import Time

/// The queues' figures of the last hour, one sample every ten seconds, shared by all who look.
final class DepthHistory: Sendable {
  static let interval = 10.0
  static let span = 360

  struct Sample: Sendable, Equatable {
    var time: Timestamp
    /// As `/api/v1/queues` gives them.
    var queues: [JSON]
  }

  private let samples = NIOLockedValueBox<[Sample]>([])

  func add(_ sample: Sample) {
    samples.withLockedValue { samples in
      samples.append(sample)
      if samples.count > Self.span { samples.removeFirst(samples.count - Self.span) }
    }
  }

  /// The newest sample, unless it is so old that it says nothing about the present.
  func latest(now: Timestamp = .now()) -> Sample? {
    guard let last = samples.withLockedValue({ $0.last }), last.time > now - .seconds(60) else { return nil }
    return last
  }

  /// How many messages waited in a queue, oldest first; nil where that was unknown.
  func depths(of queue: String) -> [Double?] {
    samples.withLockedValue { $0 }.map { sample in
      sample.queues.first { $0["queue"].text == queue }?["ready"].text.flatMap { Double($0) }
    }
  }
}

/// Looks at the queues every ten seconds.
struct DepthSampler: Service {
  let history: DepthHistory
  let logger: Logger
  let look: @Sendable () async throws -> [JSON]

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do {
          history.add(.init(time: .now(), queues: try await look()))
        } catch {
          logger.debug("the queues could not be looked at: \(error)")
        }
        try? await Task.sleep(for: .seconds(DepthHistory.interval))
      }
    }
  }
}
