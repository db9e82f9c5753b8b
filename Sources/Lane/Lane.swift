import Events
package import Logging
import Postgres
import RabbitMQ
import Readiness
import Synchronization
import Time
import Topology

/// One lane: one thread, one broker connection, one Postgres connection. It takes what is there, gives the batch
/// to its consumer in one transaction, commits, and acks.
///
/// A lane is made and run on its own thread; only ``LaneControl`` is shared with others.
package final class Lane<C: Consumer> {
  private var consumer: C
  private let configuration: LaneConfiguration
  private let control: LaneControl
  private let logger: Logger
  private let mailbox: Mailbox<C.Message>
  private var database: Postgres.Connection?
  private let queueName: String
  private let inboxName: String
  private let metrics: LaneMetrics
  private var service: ServiceRecord

  package init(consumer: C, configuration: LaneConfiguration, control: LaneControl, logger: Logger) {
    self.consumer = consumer
    self.configuration = configuration
    self.control = control
    queueName = configuration.topology.name(consumer.queue)
    inboxName = consumer.queue.rawValue
    var logger = logger
    logger[metadataKey: "queue"] = "\(queueName)"
    self.logger = logger
    metrics = LaneMetrics(consumer: inboxName)
    service = ServiceRecord(queue: inboxName)
    let brokers = configuration.brokers
    let decoder = consumer
    mailbox = Mailbox(
      queue: queueName, prefetch: 4 * configuration.batch, waker: control.waker,
      isStopping: { control.isStopping }, logger: logger,
      open: { [queueName] () throws(RabbitMQError) in
        try RabbitMQ.Connection.open(brokers, name: "crossdock \(queueName)")
      },
      decode: { Self.decode($0, with: decoder) })
  }

  private static func decode(_ delivery: Delivery, with consumer: C) -> Result<C.Message, Failure> {
    do throws(EventError) {
      return .success(
        try delivery.withBody { (body) throws(EventError) in try consumer.decode(body) })
    } catch {
      return .failure(Failure(error))
    }
  }

  /// Runs until `control` says stop: then finishes the batch in hand, commits, acks and closes. What is only
  /// prefetched goes back to the queue.
  package func run() {
    while !control.isStopping {
      guard connected() else { continue }
      step()
    }
    mailbox.stopConsuming()
    mailbox.disconnect()
    service.write(on: database, isLast: true)
    control.report(.stopped)
  }

  private func step() {
    mailbox.serve()
    service.write(on: database)
    settleHeld()
    let suspects = mailbox.takeSuspects(batch: configuration.batch)
    if !suspects.isEmpty { handle(suspects: suspects) }
    let letters = mailbox.takeFresh(atMost: configuration.batch)
    if !letters.isEmpty {
      handle(letters, releasing: [])
      mailbox.gainConfidence(redelivered: false)
    } else if suspects.isEmpty {
      mailbox.wait(atMost: .seconds(5))
      control.beat()
    }
  }

  // MARK: Connections

  /// Both connections are there. When not, tries once, says why not, and waits a moment.
  private func connected() -> Bool {
    guard reconnectBroker() else { return false }
    return reconnectDatabase()
  }

  private func reconnectBroker() -> Bool {
    if mailbox.isOpen { return true }
    if let failure = mailbox.failure { report(.brokerAway("\(failure)")) }
    do {
      try mailbox.reopen()
      report(.consuming)
      return true
    } catch {
      report(.brokerAway("\(error)"))
      pause(.seconds(1))
      return false
    }
  }

  private func reconnectDatabase() -> Bool {
    if let database, database.isAlive { return true }
    database = nil
    do {
      database = try Postgres.Connection.open(
        configuration.database, name: "crossdock \(inboxName)", settings: LaneTransaction.settings,
        companion: mailbox)
      report(.consuming)
      return true
    } catch {
      report(.databaseAway("\(error)"))
      pause(.seconds(1))
      return false
    }
  }

  private func pause(_ duration: Duration) { mailbox.wait(atMost: duration) }

  private func report(_ state: LaneState) {
    guard control.report(state) else { return }
    switch state {
    case .consuming: logger.info("consuming")
    case .brokerAway(let why): logger.warning("waiting for the broker: \(why)")
    case .databaseAway(let why): logger.warning("waiting for the database: \(why)")
    case .starting, .stopped: break
    }
  }

  // MARK: Handling

  /// Redelivered messages, apart and few at a time, each noted before it is even decoded (Rule 17).
  private func handle(suspects: [Delivery]) {
    let hashes = suspects.map { InHand.hash(of: $0) }
    guard let crashes = untilItWorks({ try InHand.note(hashes, for: inboxName, on: $0) }) else { return }
    var letters: [Mailbox<C.Message>.Letter] = []
    for (delivery, hash) in zip(suspects, hashes) {
      if crashes[hash, default: 0] >= InHand.crashesToBlame {
        let blame = Failure(
          .crashedWorker, place: "worker",
          "\(InHand.crashesToBlame) workers in a row ended while they handled this message alone")
        letters.append(.init(delivery: delivery, content: .failure(blame)))
      } else {
        letters.append(.init(delivery: delivery, content: Self.decode(delivery, with: consumer)))
      }
    }
    handle(letters, releasing: hashes)
    mailbox.gainConfidence(redelivered: true)
  }

  private func handle(_ letters: [Mailbox<C.Message>.Letter], releasing hashes: [Int]) {
    let started = ContinuousClock.now
    let waited = database?.waited ?? .zero
    let deliveries = letters.map(\.delivery)
    var course = Course(letters.map(\.content), isNoted: !hashes.isEmpty)
    guard follow(&course, deliveries, releasing: hashes) else { return }
    control.beat()
    let duration = ContinuousClock.now - started
    metrics.handled(deliveries, as: course.dispositions, took: duration)
    service.note(
      deliveries, took: duration,
      waitedForDatabase: max(.zero, (database?.waited ?? .zero) - waited), at: .now())
  }

  /// Takes a batch to its acks, whatever it takes. False when the lane is to stop and the database is away: all stay
  /// unacked.
  private func follow(
    _ course: inout Course<C.Message>, _ deliveries: [Delivery], releasing hashes: [Int]
  ) -> Bool {
    do throws(RabbitMQError) {
      while let step = course.next {
        switch step {
        case .commit(let range, let isReleasing):
          guard let result = attempt(course.messages[range], releasing: isReleasing ? hashes : []) else {
            return false
          }
          conclude(range, result, in: &course)
        case .release:
          let released: Void? = untilItWorks {
            _ = try $0.receive(InHand.release(hashes, for: inboxName, on: $0))
          }
          guard released != nil else { return false }
          course.released()
        case .note:
          guard note(deliveries, course.dispositions) else { return false }
          course.noted()
        case .publish(let indices):
          course.published(
            except: try mailbox.send(
              indices, of: deliveries, as: course.dispositions, from: consumer.queue,
              configuration: configuration))
          if let reason = mailbox.held.reason { report(.brokerAway(reason)) }
        case .ack(let indices):
          mailbox.settle(indices.map { deliveries[$0].tag })
          course.acked()
        }
      }
    } catch {
      report(.brokerAway("\(error)"))
    }
    return true
  }

  private func conclude(_ range: Range<Int>, _ result: Attempt, in course: inout Course<C.Message>) {
    switch result {
    case .committed(let exceptions): course.committed(exceptions)
    case .failed(let disposition):
      if range.count > 1, range.count == course.messages.count {
        logger.warning("a batch of \(range.count) failed and is tried in halves: \(disposition)")
      }
      course.failed(disposition)
    }
  }

  private enum Attempt {
    case committed([Int: Disposition])
    case failed(Disposition)
  }

  /// One transaction over the messages, again and again while it is the database that fails.
  private func attempt(_ messages: ArraySlice<C.Message>, releasing hashes: [Int]) -> Attempt? {
    let messages = Array(messages)
    var failed: Disposition?
    let exceptions = untilItWorks { connection in
      do {
        return try LaneTransaction.run(
          &self.consumer, messages, releasing: hashes, on: connection)
      } catch {
        let disposition = Dispositions.disposition(for: error)
        if case .wait = disposition { throw error }
        try? connection.rollback()
        failed = disposition
        return [:]
      }
    }
    guard let exceptions else { return nil }
    return failed.map { .failed($0) } ?? .committed(exceptions)
  }

  /// Runs `work` until the database neither is away nor aborts it; deliveries stay in hand and heartbeats go on
  /// meanwhile (Rule 16). nil when the lane is to stop first.
  private func untilItWorks<T>(_ work: (Postgres.Connection) throws -> T) -> T? {
    while true {
      guard reconnectDatabase(), let database else {
        if control.isStopping { return nil }
        continue
      }
      do {
        return try work(database)
      } catch {
        try? database.rollback()
        logger.info("running a transaction again: \(error)")
        if (error as? PostgresError)?.kind != .aborted {
          self.database = nil
          if control.isStopping { return nil }
          pause(.milliseconds(200))
        }
      }
    }
  }

  // MARK: Settling

  private func settleHeld() {
    guard !mailbox.held.isEmpty else { return }
    do throws(RabbitMQError) {
      report(try mailbox.settleHeld().map { .brokerAway($0) } ?? .consuming)
    } catch {
      report(.brokerAway("\(error)"))
    }
  }

  /// Notes the dead letters before they are sent away, so that none is ever dead in silence. False when the lane is to
  /// stop first: all stay unacked.
  private func note(_ deliveries: [Delivery], _ dispositions: [Disposition]) -> Bool {
    let failures = EventFailures(
      deliveries, as: dispositions, from: consumer.queue, configuration: configuration)
    guard !failures.isEmpty else { return true }
    let noted: Void? = untilItWorks { connection in
      do {
        try failures.note(on: connection)
      } catch let error as PostgresError where error.kind == .data || error.kind == .other {
        // The letter itself tells everything; the note is only an index of it.
        self.logger.error("dead letters could not be noted: \(error)")
        try connection.rollback()
      }
    }
    return noted != nil
  }
}
