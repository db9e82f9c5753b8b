import Logging
import Metrics
import Postgres
import RabbitMQ
import Readiness
import Time
import Topology

/// The relay's one thread with its two connections.
final class RelayThread: Companion {
  private let configuration: Relay.Configuration
  private let control: RelayControl
  private let logger: Logger
  private let store = OutboxStore()
  private var broker: RabbitMQ.Connection?
  private var database: Postgres.Connection?
  private var leases: Leases
  private var brokerFailure: RabbitMQError?
  private let published = Counter(label: "crossdock_relay_published")
  private let refused = Counter(label: "crossdock_relay_refused")

  init(configuration: Relay.Configuration, control: RelayControl, logger: Logger) {
    self.configuration = configuration
    self.control = control
    self.logger = logger
    leases = Leases(window: configuration.window)
  }

  func run() {
    while !control.isStopping {
      do {
        try connect()
        try turn()
      } catch {
        lose(error)
      }
    }
    // What is in flight gets its confirms; what doesn't in time is published again by whoever takes it next.
    let deadline = ContinuousClock.now + .seconds(10)
    leases.forgoWaiting()
    while !leases.isIdle && .now < deadline && brokerFailure == nil {
      pause(.milliseconds(200))
      try? settle(takingMore: false)
    }
    _ = leases.loseChannel(byItsError: false)
    if let database { try? giveBack(to: database) }
    broker?.close()
  }

  private func turn() throws {
    try settle(takingMore: broker?.blockedReason == nil)
    if leases.next != nil {
      try publishWaiting()
      return serve()
    }
    // Confirms, and the channel's end, that came while the database was asked wake nobody any more.
    if leases.settled.isEmpty && brokerFailure == nil {
      pause(leases.isIdle ? .milliseconds(500) : .seconds(5))
    }
    if let brokerFailure { throw brokerFailure }
  }

  // MARK: Connections

  /// The database first: leases are given back while the broker is away.
  private func connect() throws {
    let database = try connectedDatabase()
    try giveBack(to: database)
    if broker == nil {
      let opened = try RabbitMQ.Connection.open(configuration.brokers, name: "crossdock relay")
      try opened.enableConfirms()
      broker = opened
      brokerFailure = nil
    }
    if control.note(connected: true) { logger.info("relaying") }
  }

  private func connectedDatabase() throws -> Postgres.Connection {
    if let database, database.isAlive { return database }
    let opened = try Postgres.Connection.open(
      configuration.database, name: "crossdock relay", companion: self)
    try opened.query("LISTEN \(Outbox.channel)")
    database = opened
    return opened
  }

  private func lose(_ error: any Error) {
    if control.note(connected: false) { logger.warning("the relay waits: \(error)") }
    if !(error is PostgresError) || brokerFailure != nil {
      broker?.close()
      broker = nil
      let cause = brokerFailure ?? error as? RabbitMQError
      if let guilty = leases.loseChannel(byItsError: cause?.scope == .channel), let cause {
        putOff(guilty, because: cause)
      }
    }
    if database?.isAlive != true { database = nil }
    pause((error as? RabbitMQError)?.scope == .channel ? .milliseconds(50) : .seconds(1))
  }

  /// A packet for which the broker closes the channel must not hold up all others (Rule 21).
  private func putOff(_ guilty: PacketKey, because error: RabbitMQError) {
    guard let database, database.isAlive else { return }
    logger.error("outbox row \(guilty.id) is put off: \(error)")
    if (try? store.postpone([guilty], because: "\(error)", on: database)) != nil { leases.gaveBack() }
  }

  private func giveBack(to database: Postgres.Connection) throws {
    guard !leases.toGiveBack.isEmpty else { return }
    try store.release(leases.toGiveBack, on: database)
    leases.gaveBack()
  }

  // MARK: Publishing

  private func publishWaiting() throws {
    do {
      while let packet = leases.next { try publish(packet) }
    } catch let error as RabbitMQError where error.scope == .request {
      logger.warning("the relay waits: \(error)")
      leases.forgoWaiting()
      pause(.seconds(1))
    }
  }

  private func publish(_ packet: LeasedPacket) throws {
    guard let broker else { return leases.forgoWaiting() }
    let messages: [OutboundMessage]
    do {
      messages = try Packet.messages(in: packet.bytes)
    } catch {
      return try putOff(packet, because: "\(error)")
    }
    do {
      try broker.drain()
      leases.publishedNext(as: try messages.map { try publish($0, on: broker) })
    } catch let error as RabbitMQError where error.scope == .request && !error.isRetriable {
      try putOff(packet, because: "\(error)")
    }
  }

  private func publish(
    _ message: OutboundMessage, on broker: RabbitMQ.Connection
  ) throws(RabbitMQError) -> (tag: UInt64, messageId: String) {
    let (exchange, key) = configuration.topology.destination(of: message.route)
    let tag = try broker.publish(
      exchange: exchange, routingKey: key, mandatory: true, properties: message.properties,
      body: message.body)
    return (tag, message.messageId)
  }

  /// A packet that can never be sent as it is.
  private func putOff(_ packet: LeasedPacket, because reason: String) throws {
    logger.error("outbox row \(packet.id): \(reason)")
    try database.map { try store.postpone([packet.key], because: reason, on: $0) }
    leases.putOffNext()
  }

  /// Marks confirmed packets as published and takes more, in one round trip.
  private func settle(takingMore: Bool) throws {
    guard let database else { return }
    let done = leases.settled
    leases.take(
      try store.turn(
        published: done.filter { $0.failure == nil }.map(\.key),
        postponed: done.compactMap { packet in packet.failure.map { (packet.key, $0) } },
        take: takingMore ? leases.wanted : 0, on: database))
    leases.marked(done.count, isWell: brokerFailure == nil)
    for packet in done {
      if let failure = packet.failure {
        refused.increment()
        logger.warning("outbox row \(packet.key.id) stays: \(failure)")
      } else {
        published.increment(by: packet.count)
      }
    }
  }

  // MARK: Waiting

  var descriptors: [Int32] { [broker?.socket ?? -1, control.waker.descriptor] }
  var patience: Int32 { broker?.hasBufferedInput == true ? 0 : 5_000 }

  func serve() {
    control.waker.drain()
    guard brokerFailure == nil else { return }
    do throws(RabbitMQError) {
      while let incoming = try broker?.next() {
        switch incoming {
        case .confirm(let confirm): leases.settle(confirm)
        case .returned(let returned): leases.note(returned)
        case .blocked(let reason): logger.warning("the broker takes no messages: \(reason)")
        case .delivery, .cancelled, .unblocked: continue
        }
      }
    } catch {
      brokerFailure = error
    }
  }

  /// Until the broker, the database (a commit's notification) or the waker has something, at most that long.
  private func pause(_ limit: Duration) {
    // A notification may have been read already, together with the answer to a statement.
    if patience > 0 && !takeNotifications() {
      let sockets = descriptors + [database?.socket ?? -1]
      _ = Readiness.wait(for: sockets.map { .readable($0) }, timeout: limit)
      _ = takeNotifications()
    }
    serve()
  }

  /// Whether a commit has told that there is something to send.
  private func takeNotifications() -> Bool {
    var isTold = false
    while database?.nextNotification() != nil { isTold = true }
    return isTold
  }
}
