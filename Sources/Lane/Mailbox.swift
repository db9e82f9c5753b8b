import DequeModule
import Logging
import Postgres
package import RabbitMQ
import Readiness

/// A lane's side of the broker: one connection, what it has delivered and what is not settled yet.
///
/// It is served during every wait for Postgres, so that the next batch is received and decoded, and heartbeats go
/// on, while the database works on this one. It never throws from there: a lost broker is noted in `failure`.
package final class Mailbox<Content>: Companion {
  /// A first delivery, decoded on arrival.
  struct Letter {
    let delivery: Delivery
    let content: Result<Content, Failure>
  }

  private let queue: String
  private let open: () throws(RabbitMQError) -> RabbitMQ.Connection
  private let decode: (Delivery) -> Result<Content, Failure>
  private let waker: Waker
  private let isStopping: () -> Bool
  private let logger: Logger

  private var connection: RabbitMQ.Connection?
  private var acks = Acks(epoch: -1)
  private var confirms = Confirms()
  /// Publishes that had no queue or were refused, since the last `publish`.
  private var rejected: [Confirms.Settled] = []
  /// What could not be published to where it belongs. Its originals stay unacked, and it is tried again.
  var held = Held()
  private var openedAt: ContinuousClock.Instant?
  private var consumerTag: String?
  private var consumers = 0
  private(set) var caution: Caution
  private(set) var fresh: Deque<Letter> = []
  /// Redelivered messages, not even decoded: they are handled apart (Rule 17).
  private(set) var suspects: Deque<Delivery> = []
  /// Why the broker is lost, until `reopen`.
  private(set) var failure: RabbitMQError?
  private(set) var isBlocked = false

  init(
    queue: String, prefetch: Int, waker: Waker, isStopping: @escaping () -> Bool,
    logger: Logger,
    open: @escaping () throws(RabbitMQError) -> RabbitMQ.Connection,
    decode: @escaping (Delivery) -> Result<Content, Failure>
  ) {
    self.queue = queue
    self.waker = waker
    self.isStopping = isStopping
    self.logger = logger
    self.open = open
    self.decode = decode
    caution = Caution(full: prefetch)
  }

  var isOpen: Bool { connection != nil && failure == nil }
  var isEmpty: Bool { fresh.isEmpty && suspects.isEmpty }

  /// A new connection; whatever an earlier one had delivered is forgotten, the broker delivers it again.
  ///
  /// Each time counts against the delivery limit of what was in hand, so a connection that didn't last is given a
  /// moment first.
  func reopen() throws(RabbitMQError) {
    disconnect()
    if let openedAt, .now - openedAt < .seconds(2) { wait(atMost: .seconds(1)) }
    let opened = try open()
    openedAt = .now
    try opened.enableConfirms()
    connection = opened
    acks = Acks(epoch: opened.epoch)
    caution.restart()
    try consume()
  }

  func disconnect() {
    connection?.close()
    connection = nil
    consumerTag = nil
    failure = nil
    isBlocked = false
    fresh.removeAll()
    suspects.removeAll()
    held = Held()
    confirms = Confirms()
  }

  private func consume() throws(RabbitMQError) {
    consumers += 1
    let tag = "lane-\(consumers)"
    try connection?.consume(queue, prefetch: caution.prefetch, tag: tag)
    consumerTag = tag
  }

  /// Stops deliveries; what is in hand stays.
  func stopConsuming() {
    guard let tag = consumerTag else { return }
    consumerTag = nil
    attempt { () throws(RabbitMQError) in try connection?.cancel(tag) }
  }

  /// Something was handled well: deliver more at a time from now on.
  func gainConfidence(redelivered: Bool) {
    guard consumerTag != nil, caution.handled(redelivered: redelivered) != nil else { return }
    stopConsuming()
    attempt { () throws(RabbitMQError) in try consume() }
  }

  // MARK: Taking

  func takeFresh(atMost limit: Int) -> [Letter] {
    let letters = Array(fresh.prefix(limit))
    fresh.removeFirst(letters.count)
    return letters
  }

  /// The next redelivered messages to handle together: few, and alone once they have come back often.
  func takeSuspects(batch: Int) -> [Delivery] {
    guard let first = suspects.first else { return [] }
    let bite = suspects.prefix(Caution.bite(batch: batch, returns: first.returns))
      .prefix { $0.returns <= first.returns }
    let taken = Array(bite)
    suspects.removeFirst(taken.count)
    return taken
  }

  // MARK: Settling

  /// Acks what is settled, as far as the channel is still the one that delivered it.
  func settle(_ tags: some Sequence<DeliveryTag>) {
    for ack in acks.settle(tags) {
      attempt { () throws(RabbitMQError) in
        try connection?.ack(DeliveryTag(epoch: acks.epoch, number: ack.tag), multiple: ack.multiple)
      }
    }
  }

  /// Publishes and waits for every confirm; only then may the originals be acked (Rule 19). Answers those that the
  /// broker did not take, with its reason: their originals may not be acked.
  ///
  /// - Throws: `RabbitMQError` when the broker is lost; nothing may be acked then.
  func publish(_ outgoing: [Outgoing]) throws(RabbitMQError) -> [(message: Outgoing, reason: String)] {
    while isBlocked && failure == nil && !isStopping() { wait(atMost: .seconds(1)) }
    guard let connection, failure == nil else { throw failure ?? Self.notConnected }
    do throws(RabbitMQError) {
      try connection.drain()
      rejected.removeAll()
      var messages: [UInt64: Outgoing] = [:]
      for message in outgoing {
        let tag = try publish(message, on: connection)
        confirms.expect(tag, messageID: message.delivery.messageID)
        messages[tag] = message
      }
      while !confirms.isEmpty {
        wait(atMost: .seconds(5))
        if let failure { throw failure }
      }
      return rejected.compactMap { settled in messages[settled.tag].map { ($0, settled.reason) } }
    } catch {
      failure = error
      throw error
    }
  }

  /// A message whose headers are too large to travel with ours added goes without its own.
  private func publish(
    _ message: Outgoing, on connection: RabbitMQ.Connection
  ) throws(RabbitMQError) -> UInt64 {
    do throws(RabbitMQError) {
      return try message.publish(on: connection)
    } catch  where error.scope == .request && !isBlocked {
      return try message.withOwnHeadersOnly.publish(on: connection)
    }
  }

  // MARK: Serving

  package var descriptors: [Int32] { [isOpen ? connection?.socket ?? -1 : -1, waker.descriptor] }
  /// What a lost connection has buffered is nothing to hurry for.
  package var patience: Int32 { isOpen && connection?.hasBufferedInput == true ? 0 : 5_000 }

  /// Takes what the broker has sent. Cheap when there is nothing.
  package func serve() {
    waker.drain()
    attempt { () throws(RabbitMQError) in
      while let incoming = try connection?.next() { try take(incoming) }
    }
  }

  /// Waits until the broker or the waker has something, at most that long, and serves.
  func wait(atMost limit: Duration) {
    if patience > 0 {
      _ = Readiness.wait(
        for: descriptors.map { .readable($0) }, timeout: held.isEmpty ? limit : min(limit, Held.pause))
    }
    serve()
  }

  private func take(_ incoming: Incoming) throws(RabbitMQError) {
    switch incoming {
    case .delivery(let delivery):
      acks.receive(delivery.tag)
      if delivery.redelivered || delivery.returns > 0 {
        suspects.append(delivery)
      } else {
        fresh.append(Letter(delivery: delivery, content: decode(delivery)))
      }
    case .confirm(let confirm):
      rejected += confirms.settle(confirm).filter { $0.outcome != .confirmed }
    case .returned(let returned): confirms.note(returned)
    case .cancelled:
      consumerTag = nil
      throw RabbitMQError.cancelled(queue: queue)
    case .blocked(let reason):
      isBlocked = true
      logger.warning("the broker takes no messages: \(reason)")
    case .unblocked: isBlocked = false
    }
  }

  func log(_ warning: String) { logger.warning("\(warning)") }

  private func attempt(_ action: () throws(RabbitMQError) -> Void) {
    guard failure == nil else { return }
    do throws(RabbitMQError) { try action() } catch { failure = error }
  }

  private static var notConnected: RabbitMQError {
    RabbitMQError(operation: "publish", code: 0, text: "not connected", scope: .connection, isRetriable: true)
  }
}

extension Delivery {
  /// How often the broker has taken this message back.
  package var returns: Int {
    let counted = header("x-delivery-count")?.integer.map { Int(clamping: $0) } ?? 0
    return max(counted, redelivered ? 1 : 0)
  }
}

extension Confirms.Settled {
  fileprivate var reason: String {
    let name = messageID ?? "a message"
    return switch outcome {
    case .unroutable(_, let text):
      "\(name) has no queue to go to (\(text)); crossdock topology apply declares it"
    case .confirmed, .refused: "the broker could not take \(name)"
    }
  }
}

extension RabbitMQError {
  fileprivate static func cancelled(queue: String) -> RabbitMQError {
    RabbitMQError(
      operation: "consume \(queue)", code: 404,
      text: "the broker ended the consumer; was the queue deleted? crossdock topology apply declares it",
      scope: .connection, isRetriable: true)
  }
}
