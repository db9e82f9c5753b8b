import NIOConcurrencyHelpers
package import Readiness
import Synchronization

/// Where a lane stands, in words for the operator.
package enum LaneState: Sendable, Equatable {
  case starting
  case consuming
  case brokerAway(String)
  case databaseAway(String)
  case stopped
}

/// What a lane shares with the rest of the process: a flag to stop it, and how it is.
package final class LaneControl: Sendable {
  package let waker: Waker
  private let stopping = Atomic(false)
  private let shared = NIOLockedValueBox(Shared())

  private struct Shared {
    var state = LaneState.starting
    var lastBeat = ContinuousClock.now
  }

  package init() throws(ReadinessError) { waker = try Waker() }

  package var isStopping: Bool { stopping.load(ordering: .relaxed) }

  /// Asks the lane to finish what it has in hand and end. Any thread may ask, any number of times.
  package func stop() {
    stopping.store(true, ordering: .relaxed)
    waker.wake()
  }

  package var state: LaneState { shared.withLockedValue(\.state) }

  /// How long ago the lane last handled something or saw that there was nothing to handle.
  package var sinceLastBeat: Duration { shared.withLockedValue { .now - $0.lastBeat } }

  func beat() { shared.withLockedValue { $0.lastBeat = .now } }

  /// Notes the state; answers whether it is another kind of state than before, so that it is said once.
  @discardableResult
  func report(_ state: LaneState) -> Bool {
    shared.withLockedValue { shared in
      let isNews = shared.state.kind != state.kind
      shared.state = state
      return isNews
    }
  }
}

extension LaneState {
  fileprivate var kind: Int {
    switch self {
    case .starting: 0
    case .consuming: 1
    case .brokerAway: 2
    case .databaseAway: 3
    case .stopped: 4
    }
  }
}
