import DequeModule
import Foundation
package import Logging
import Metrics
import Postgres
package import RabbitMQ
import Readiness
import ServiceLifecycle
import Synchronization
import Time
package import Topology

/// Publishes what committed transactions left in the outbox: takes packets by lease, publishes them outside any
/// transaction, and marks them published only when the broker has confirmed every message (promise 2, Rule 21).
///
/// Any number of relays may run; a packet whose relay died is taken by another when its lease ends.
package struct Relay: Service {
  package struct Configuration: Sendable {
    package var brokers: [Address]
    package var database: String
    package var topology: Topology
    /// The most messages that wait for their confirms.
    package var window: Int
    package var build: String

    package init(
      brokers: [Address], database: String, topology: Topology, window: Int = 4_096, build: String
    ) {
      self.brokers = brokers
      self.database = database
      self.topology = topology
      self.window = window
      self.build = build
    }
  }

  package let control: RelayControl
  private let configuration: Configuration
  private let logger: Logger

  package init(configuration: Configuration, logger: Logger) throws {
    control = try RelayControl()
    self.configuration = configuration
    self.logger = logger
  }

  package func run() async {
    await withTaskCancellationOrGracefulShutdownHandler {
      await withCheckedContinuation { continuation in
        let thread = Thread {
          RelayThread(configuration: configuration, control: control, logger: logger).run()
          continuation.resume()
        }
        thread.name = "relay"
        thread.start()
      }
    } onCancelOrGracefulShutdown: {
      control.stop()
    }
  }
}

/// What the relay shares with the rest of the process.
package final class RelayControl: Sendable {
  let waker: Waker
  private let stopping = Atomic(false)
  private let waiting = Atomic(true)

  init() throws(ReadinessError) { waker = try Waker() }

  var isStopping: Bool { stopping.load(ordering: .relaxed) }
  /// Whether both servers were there when the relay last needed them.
  package var isConnected: Bool { !waiting.load(ordering: .relaxed) }

  package func stop() {
    stopping.store(true, ordering: .relaxed)
    waker.wake()
  }

  /// Answers whether that is news.
  func note(connected: Bool) -> Bool {
    waiting.exchange(!connected, ordering: .relaxed) == connected
  }
}
