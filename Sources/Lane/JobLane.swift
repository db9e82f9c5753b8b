import Foundation
package import Logging
import NIOConcurrencyHelpers
import RabbitMQ
import Readiness
import ServiceLifecycle
import Topology

/// Consumes a queue of jobs: one thread owns the broker connection, and each job runs as a task of its own, at most
/// `concurrency` at a time. A job is acked when it has ended, alone.
package struct JobLane: Service {
  package let control: LaneControl
  private let handler: any JobHandler
  private let concurrency: Int
  private let configuration: LaneConfiguration
  private let logger: Logger
  private let ended = NIOLockedValueBox<[Ended]>([])

  private struct Ended: Sendable {
    let delivery: Delivery
    let disposition: Disposition
  }

  package init(
    _ handler: any JobHandler, concurrency: Int, configuration: LaneConfiguration, logger: Logger
  ) throws {
    control = try LaneControl()
    self.handler = handler
    self.concurrency = max(1, concurrency)
    self.configuration = configuration
    var logger = logger
    logger[metadataKey: "queue"] = "\(configuration.topology.name(handler.queue))"
    self.logger = logger
  }

  package func run() async {
    let (jobs, feed) = AsyncStream.makeStream(of: Delivery.self)
    let thread = Thread {
      JobThread(lane: self, feed: feed).run()
      feed.finish()
    }
    thread.name = "jobs \(handler.queue.rawValue)"
    await withTaskCancellationOrGracefulShutdownHandler {
      thread.start()
      await withDiscardingTaskGroup { group in
        for await delivery in jobs {
          group.addTask {
            let disposition = await perform(delivery)
            ended.withLockedValue { $0.append(Ended(delivery: delivery, disposition: disposition)) }
            control.waker.wake()
          }
        }
        group.cancelAll()
      }
    } onCancelOrGracefulShutdown: {
      control.stop()
    }
  }

  private func perform(_ delivery: Delivery) async -> Disposition {
    let job = Job(
      messageId: delivery.messageID, body: delivery.withBody { Array($0) },
      attempts: Int(clamping: delivery.header(LetterHeader.attempts)?.integer ?? 0))
    while true {
      let disposition = await handler.handle(job)
      guard case .wait(let failure) = disposition, !control.isStopping else { return disposition }
      logger.warning("a job waits: \(failure)")
      try? await Task.sleep(for: .seconds(2))
    }
  }

  /// The thread's own part. What it holds is never shared.
  private struct JobThread {
    /// How long jobs in hand may take to end after the stop; the rest goes back to the queue.
    static let patience = Duration.seconds(25)

    let lane: JobLane
    let feed: AsyncStream<Delivery>.Continuation
    let mailbox: Mailbox<Void>
    var inHand = 0

    init(lane: JobLane, feed: AsyncStream<Delivery>.Continuation) {
      self.lane = lane
      self.feed = feed
      let queue = lane.configuration.topology.name(lane.handler.queue)
      let brokers = lane.configuration.brokers
      mailbox = Mailbox(
        queue: queue, prefetch: lane.concurrency, waker: lane.control.waker,
        isStopping: { [control = lane.control] in control.isStopping }, logger: lane.logger,
        open: { () throws(RabbitMQError) in
          try RabbitMQ.Connection.open(brokers, name: "crossdock \(queue)")
        },
        decode: { _ in .success(()) })
    }

    consuming func run() {
      while !lane.control.isStopping {
        guard connected() else { continue }
        hand(out: mailbox.takeFresh(atMost: lane.concurrency).map(\.delivery))
        hand(out: mailbox.takeSuspects(batch: lane.concurrency))
        mailbox.wait(atMost: .seconds(5))
        settleEnded()
        settleHeld()
        lane.control.beat()
      }
      mailbox.stopConsuming()
      let deadline = ContinuousClock.now + Self.patience
      while inHand > 0 && mailbox.isOpen && .now < deadline {
        mailbox.wait(atMost: .milliseconds(500))
        settleEnded()
      }
      mailbox.disconnect()
      lane.control.report(.stopped)
    }

    private mutating func hand(out deliveries: [Delivery]) {
      inHand += deliveries.count
      for delivery in deliveries { feed.yield(delivery) }
    }

    private func connected() -> Bool {
      if mailbox.isOpen { return true }
      do throws(RabbitMQError) {
        try mailbox.reopen()
        if lane.control.report(.consuming) { lane.logger.info("consuming") }
        return true
      } catch {
        if lane.control.report(.brokerAway("\(error)")) {
          lane.logger.warning("waiting for the broker: \(error)")
        }
        mailbox.wait(atMost: .seconds(1))
        return false
      }
    }

    private func settleHeld() {
      guard !mailbox.held.isEmpty else { return }
      do throws(RabbitMQError) {
        let reason = try mailbox.settleHeld()
        lane.control.report(reason.map { .brokerAway($0) } ?? .consuming)
      } catch {
        lane.logger.warning("a job's end could not be told to the broker, it comes again: \(error)")
      }
    }

    private mutating func settleEnded() {
      let ended = lane.ended.withLockedValue { ended in
        defer { ended.removeAll() }
        return ended
      }
      guard !ended.isEmpty else { return }
      inHand -= ended.count
      do throws(RabbitMQError) {
        try mailbox.settle(
          ended.map(\.delivery), as: ended.map(\.disposition), from: lane.handler.queue,
          configuration: lane.configuration)
        mailbox.gainConfidence(redelivered: ended.contains { $0.delivery.returns > 0 })
      } catch {
        lane.logger.warning("a job's end could not be told to the broker, it comes again: \(error)")
      }
    }
  }
}
