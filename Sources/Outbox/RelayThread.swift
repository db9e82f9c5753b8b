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
  private var flight = Flight()
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
      _ = try? settle(takingMore: false)
    }
    broker?.close()
  }

  private func turn() throws {
    let taken = try settle(takingMore: flight.outstanding < configuration.window)
    for packet in taken { try publish(packet) }
    if !taken.isEmpty { return serve() }
    pause(flight.isEmpty ? .milliseconds(500) : .seconds(5))
    if let brokerFailure { throw brokerFailure }
  }

  // MARK: Connections

  private func connect() throws {
    if broker == nil {
      let opened = try RabbitMQ.Connection.open(configuration.brokers, name: "crossdock relay")
      try opened.enableConfirms()
      broker = opened
      brokerFailure = nil
      flight = Flight()
    }
    if database?.isAlive != true {
      let opened = try Postgres.Connection.open(
        configuration.database, name: "crossdock relay", companion: self)
      try opened.query("LISTEN \(Outbox.channel)")
      database = opened
    }
    if control.note(connected: true) { logger.info("relaying") }
  }

  private func lose(_ error: any Error) {
    if control.note(connected: false) { logger.warning("the relay waits: \(error)") }
    page = max(1, page / 2)
    if !(error is PostgresError) || brokerFailure != nil {
      broker?.close()
      broker = nil
      // Their confirms never come now. The packets are taken again when their leases end, or at once by us.
      let lost = flight.packets
      flight = Flight()
      if let database, database.isAlive { try? store.release(lost, on: database) }
    }
    if database?.isAlive != true { database = nil }
    pause(.seconds(1))
  }

  // MARK: Publishing

  private func publish(_ packet: LeasedPacket) throws {
    guard let broker else { return }
    let messages: [OutboundMessage]
    do {
      messages = try Packet.messages(in: packet.bytes)
    } catch {
      logger.error("outbox row \(packet.id): \(error)")
      try database.map { try store.postpone([packet.key], because: "\(error)", on: $0) }
      return
    }
    try broker.drain()
    var tags: [(UInt64, String)] = []
    for message in messages {
      let (exchange, key) = configuration.topology.destination(of: message.route)
      let tag = try broker.publish(
        exchange: exchange, routingKey: key, mandatory: true, properties: message.properties,
        body: message.body)
      tags.append((tag, message.messageId))
    }
    flight.add(packet.key, tags: tags)
  }

  /// Marks confirmed packets as published and takes more, in one round trip.
  @discardableResult
  private func settle(takingMore: Bool) throws -> [LeasedPacket] {
    guard let database else { return [] }
    let done = flight.takeSettled()
    for packet in done {
      if let failure = packet.failure {
        refused.increment()
        logger.warning("outbox row \(packet.key.id) stays: \(failure)")
      } else {
        published.increment(by: packet.count)
      }
    }
    let taken = try store.turn(
      published: done.filter { $0.failure == nil }.map(\.key),
      postponed: done.compactMap { packet in packet.failure.map { (packet.key, $0) } },
      take: takingMore ? page : 0, on: database)
    if !done.isEmpty && brokerFailure == nil { page = min(OutboxStore.largestPage, page * 2) }
    return taken
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
    if patience > 0 {
      let sockets = descriptors + [database?.socket ?? -1]
      _ = Readiness.wait(for: sockets.map { .readable($0) }, timeout: limit)
    }
    while database?.nextNotification() != nil {}
    serve()
  }
}
