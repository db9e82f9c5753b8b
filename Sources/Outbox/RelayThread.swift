import DequeModule
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
  /// Leased and not published yet, in order.
  private var waiting: Deque<LeasedPacket> = []
  private var flight = Flight()
  /// Leases to give back, so that whoever comes next publishes without waiting for their end.
  private var unsent: [PacketKey] = []
  private var brokerFailure: RabbitMQError?
  /// How many packets to take at a time; halved after a channel error so that one bad packet stands alone soon.
  private var page = OutboxStore.largestPage
  private let published = Counter(label: "crossdock_relay_published")
  private let refused = Counter(label: "crossdock_relay_refused")

  init(configuration: Relay.Configuration, control: RelayControl, logger: Logger) {
    self.configuration = configuration
    self.control = control
    self.logger = logger
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
    while !flight.isEmpty && .now < deadline && brokerFailure == nil {
      pause(.milliseconds(200))
      try? settle(takingMore: false)
    }
    abandon()
    if let database { try? giveBack(to: database) }
    broker?.close()
  }

  private func turn() throws {
    try settle(takingMore: waiting.isEmpty && hasRoom)
    if !waiting.isEmpty {
      try publishWaiting()
      return serve()
    }
    // Confirms that came while the database was asked wake nobody any more.
    if flight.settled.isEmpty { pause(flight.isEmpty ? .milliseconds(500) : .seconds(5)) }
    if let brokerFailure { throw brokerFailure }
  }

  /// Smaller pages, after an error of the channel, go one after the other, so that the guilty packet is found.
  private var hasRoom: Bool {
    guard broker?.blockedReason == nil else { return false }
    return flight.outstanding < (page == OutboxStore.largestPage ? configuration.window : 1)
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
      abandon()
      blame(for: brokerFailure ?? error as? RabbitMQError)
    }
    if database?.isAlive != true { database = nil }
    pause((error as? RabbitMQError)?.scope == .channel ? .milliseconds(50) : .seconds(1))
  }

  /// Their confirms never come now, or they were never sent.
  private func abandon() {
    unsent += flight.abandon() + waiting.map(\.key)
    waiting.removeAll()
  }

  /// A packet for which the broker closes the channel must not hold up all others: after such an error fewer are
  /// taken at a time, and one that stood alone is put off (Rule 21).
  private func blame(for error: RabbitMQError?) {
    guard let error, error.scope == .channel else { return }
    page = max(1, min(page, unsent.count) / 2)
    guard unsent.count == 1, let database, database.isAlive else { return }
    logger.error("outbox row \(unsent[0].id) is put off: \(error)")
    if (try? store.postpone(unsent, because: "\(error)", on: database)) != nil { unsent.removeAll() }
  }

  private func giveBack(to database: Postgres.Connection) throws {
    guard !unsent.isEmpty else { return }
    try store.release(unsent, on: database)
    unsent.removeAll()
  }

  // MARK: Publishing

  private func publishWaiting() throws {
    do {
      while let packet = waiting.first {
        try publish(packet)
        waiting.removeFirst()
      }
    } catch let error as RabbitMQError where error.scope == .request {
      // The broker's alarm: what is in flight gets its confirms, the rest is not kept from other relays.
      logger.warning("the relay waits: \(error)")
      unsent += waiting.map(\.key)
      waiting.removeAll()
      pause(.seconds(1))
    }
  }

  private func publish(_ packet: LeasedPacket) throws {
    guard let broker else { return }
    let messages: [OutboundMessage]
    do {
      messages = try Packet.messages(in: packet.bytes)
    } catch {
      return try putOff(packet, because: "\(error)")
    }
    do {
      try broker.drain()
      flight.add(packet.key, tags: try messages.map { try publish($0, on: broker) })
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
  }

  /// Marks confirmed packets as published and takes more, in one round trip.
  private func settle(takingMore: Bool) throws {
    guard let database else { return }
    let done = flight.settled
    waiting += try store.turn(
      published: done.filter { $0.failure == nil }.map(\.key),
      postponed: done.compactMap { packet in packet.failure.map { (packet.key, $0) } },
      take: takingMore ? page : 0, on: database)
    flight.forgetSettled(done.count)
    for packet in done {
      if let failure = packet.failure {
        refused.increment()
        logger.warning("outbox row \(packet.key.id) stays: \(failure)")
      } else {
        published.increment(by: packet.count)
      }
    }
    if !done.isEmpty && brokerFailure == nil { page = min(OutboxStore.largestPage, page * 2) }
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
        case .confirm(let confirm): flight.settle(confirm)
        case .returned(let returned): flight.note(returned)
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
