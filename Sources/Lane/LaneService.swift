import Foundation
package import Logging
import ServiceLifecycle
package import Topology

/// A lane as a service: its thread starts with `run()` and has ended when `run()` returns.
package struct LaneService: Service {
  package let name: String
  package let control: LaneControl
  private let body: @Sendable () -> Void

  package init<C: Consumer & SendableMetatype>(
    _ queue: Queue, _ make: @escaping @Sendable () -> C, configuration: LaneConfiguration, logger: Logger
  ) throws {
    let control = try LaneControl()
    self.control = control
    name = "lane \(queue.rawValue)"
    // The lane is made on its own thread, so nothing of it is ever shared.
    body = { Lane(consumer: make(), configuration: configuration, control: control, logger: logger).run() }
  }

  package func run() async {
    await withTaskCancellationOrGracefulShutdownHandler {
      await withCheckedContinuation { continuation in
        let thread = Thread {
          body()
          continuation.resume()
        }
        thread.name = name
        thread.stackSize = 4 << 20
        thread.start()
      }
    } onCancelOrGracefulShutdown: {
      control.stop()
    }
  }
}
