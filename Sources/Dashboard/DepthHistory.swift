import Foundation
import JSON
import Logging
import NIOConcurrencyHelpers
import ServiceLifecycle
import Time

/// How deep the queues were in the last hour, one look every ten seconds, shared by all who look.
final class DepthHistory: Sendable {
  static let interval = 10.0
  static let span = 360

  struct Sample: Sendable, Equatable {
    var time: Timestamp
    /// As `/api/v1/queues` gives them.
    var queues: [JSON]
  }

  private struct State {
    var latest: Sample?
    /// By queue, the oldest first; nil where it was unknown.
    var depths: [String: [Double?]] = [:]
  }

  private let state = NIOLockedValueBox(State())

  func add(_ sample: Sample) {
    state.withLockedValue { state in
      state.latest = sample
      for queue in sample.queues {
        var depths = state.depths[queue["queue"].text ?? "", default: []]
        depths.append(queue["ready"].text.flatMap { Double($0) })
        state.depths[queue["queue"].text ?? ""] = Array(depths.suffix(Self.span))
      }
    }
  }

  /// The newest sample, unless it is so old that it says nothing about the present.
  func latest(now: Timestamp = .now()) -> Sample? {
    guard let last = state.withLockedValue({ $0.latest }), last.time > now - .seconds(60) else { return nil }
    return last
  }

  /// How many messages waited in a queue, oldest first; nil where that was unknown.
  func depths(of queue: String) -> [Double?] { state.withLockedValue { $0.depths[queue] } ?? [] }
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
