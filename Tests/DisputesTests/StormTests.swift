import Conversations
import Disputes
import Events
import Foundation
import Lane
import Messaging
import OrderSync
import Outbox
import Postgres
import RabbitMQ
import StockLedger
import TestServers
import Testing
import Time
import Topology

/// Disputes have a queue and a lane of their own, so that no flood of orders delays them.
///
/// The suite runs a small edition of it. The whole one, a minute or so long, is
/// `CROSSDOCK_PROOF_STORM=50000 ops/test --filter StormTests`.
@Suite(.serialized) struct StormTests {
  private let count =
    ProcessInfo.processInfo.environment["CROSSDOCK_PROOF_STORM"].flatMap { Int($0) } ?? 600

  @Test func `a storm of orders delays a dispute on a known order by less than two seconds`() async throws {
    let (count, templates) = (count, try Templates())
    try await TestDatabase.with { test in
      let url = test.url
      try await onThread {
        let storm = try Storm(database: url, templates: templates, known: max(20, count / 125))
        defer { storm.end() }
        try storm.makeKnown()
        try storm.gather(count)
        let delays = try storm.disputeUntilOver(count)
        #expect(try storm.arrived() == count)
        let longest = try #require(delays.max(), "no dispute met the storm")
        #expect(longest < .seconds(2))
        if count >= 50_000 { print("\(delays.count) disputes in a storm of \(count): \(longest) at most") }
      }
    }
  }
}

/// A namespace and a schema with every lane that orders and disputes go to.
private struct Storm {
  private static let account = UUID()
  /// Orders that are known before it breaks; each can be disputed once.
  private let known: Int

  private let topology = Topology(namespace: TestServers.uniqueName("storm"))
  private let brokers: [Address]
  private let url: String
  private let templates: Templates
  private let database: Postgres.Connection
  private let start = Timestamp.now()

  init(database url: String, templates: Templates, known: Int) throws {
    (self.url, self.templates, self.known) = (url, templates, known)
    brokers = try Address.parse(try TestServers.amqpURL)
    database = try Postgres.Connection.open(url, name: "tests")
    try database.query(
      """
      INSERT INTO platform_connections (id, user_id, platform, name, base_url)
      VALUES ($1, 'seller-1', 'allegro', 'Shop', 'http://localhost')
      """, [Self.account])
    try Moderators.add("mod-1", on: database)
    try withBroker { try topology.apply(on: $0) }
  }

  func end() { try? withBroker { try topology.delete(on: $0) } }

  // MARK: Orders

  /// Has every lane take in the orders that are going to be disputed.
  func makeKnown() throws {
    try publish((0..<known).map { order("known-\($0)") })
    try withLanes {
      let isKnown = try eventually {
        let (told, synced) = (try count("order_conversations"), try count("orders"))
        return told == known && synced == known
      }
      #expect(isKnown)
    }
  }

  /// The storm stands in the queues before anybody works on it.
  func gather(_ count: Int) throws {
    try publish((0..<count).map { order("storm-\($0)") })
    try withBroker { broker in
      let stands = try eventually { try broker.depth(of: topology.name(.orderSync))?.ready == count }
      #expect(stands)
    }
  }

  func arrived() throws -> Int { try count("orders") - known }

  private func order(_ id: String) -> Event {
    let number = id.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xFFFF }
    let line = OrderLine(
      externalId: "line of \(id)", sku: "SKU-\(number % 500)", quantity: 1, unitPrice: Money("10.00"))
    let order = Order(
      externalId: id, number: "#\(id)", status: .paid, financialStatus: "paid", placedAt: start,
      updatedAt: start, currency: "PLN", total: Money("10.00"), buyer: Buyer(externalId: "buyer of \(id)"),
      lines: [line])
    return event(id, .orderCreated, .order(order))
  }

  private func event(_ id: String, _ type: EventType, _ data: Event.Payload) -> Event {
    let account = Self.account.uuidString.lowercased()
    return Event(
      id: "allegro:\(account):\(id)", type: type, time: start, connectionId: account, platform: "allegro",
      marketplaceId: 1, subjectData: data)
  }

  // MARK: Disputes

  /// Sends one dispute after the other while orders of a storm of that many wait, and answers how long each took to have its effect.
  func disputeUntilOver(_ storm: Int) throws -> [Duration] {
    var delays: [Duration] = []
    try withLanes {
      try withBroker { broker in
        for number in 0..<known {
          guard try broker.depth(of: topology.name(.orderSync))?.ready != 0 else { break }
          delays.append(try dispute("known-\(number)"))
          Thread.sleep(forTimeInterval: 0.1)
        }
      }
      let published = known + storm
      let isOver = try eventually {
        let (synced, told) = (try inbox(.orderSync), try inbox(.messaging))
        return synced == published && told == published
      }
      #expect(isOver, "the storm is worked off")
    }
    return delays
  }

  /// From its publishing until everybody can see that it was escalated and the parties were told.
  private func dispute(_ order: String) throws -> Duration {
    let published = ContinuousClock.now
    try publish([
      event(
        "dispute of \(order)", .disputeInitiated,
        .dispute(Dispute(externalId: "d-\(order)", orderId: order, reason: "broken", openedAt: start), nil))
    ])
    let isEscalated = try eventually {
      try database.query(
        """
        SELECT FROM order_conversations c JOIN order_messages m ON m.conversation_id = c.id
         WHERE c.connection_id = $1 AND c.external_order_id = $2 AND c.type = 'dispute'
           AND m.kind = 'dispute_notice'
        """, [Self.account, order]
      ).count == 1
    }
    #expect(isEscalated)
    return .now - published
  }

  // MARK: Servers

  private func withBroker(_ work: (RabbitMQ.Connection) throws -> Void) throws {
    let broker = try RabbitMQ.Connection.open(brokers, name: "tests")
    defer { broker.close() }
    try work(broker)
  }

  private func publish(_ events: [Event]) throws {
    try withBroker { broker in
      try broker.enableConfirms()
      for first in stride(from: 0, to: events.count, by: 1_000) {
        var confirms = Confirms()
        for message in events[first..<min(first + 1_000, events.count)].map(OutboundMessage.init) {
          guard case .event(let key) = message.route else { continue }
          confirms.expect(
            try broker.publish(
              exchange: topology.events, routingKey: key, properties: message.properties, body: message.body))
        }
        while !confirms.isEmpty {
          if case .confirm(let confirm) = try broker.next() { _ = confirms.settle(confirm) }
        }
      }
    }
  }

  private func withLanes(_ body: () throws -> Void) throws {
    let templates = templates
    var lanes: [(control: LaneControl, ended: DispatchSemaphore)] = []
    defer {
      for lane in lanes { lane.control.stop() }
      for lane in lanes { lane.ended.wait() }
    }
    lanes.append(
      try lane { OrderSync(allowedFinancialStatuses: ["paid"], logger: TestServers.silence) })
    lanes.append(try lane { StockLedger(lowThreshold: 0, logger: TestServers.silence) })
    lanes.append(try lane { Messaging(templates: templates, maxAge: .seconds(86_400)) { _ in false } })
    lanes.append(try lane { Disputes(templates: templates) { _ in false } })
    try body()
  }

  private func lane<C: Consumer & SendableMetatype>(
    _ make: @escaping @Sendable () -> C
  ) throws -> (LaneControl, DispatchSemaphore) {
    let (control, ended) = (try LaneControl(), DispatchSemaphore(value: 0))
    let configuration = LaneConfiguration(brokers: brokers, database: url, topology: topology, build: "storm")
    Thread {
      Lane(consumer: make(), configuration: configuration, control: control, logger: TestServers.silence)
        .run()
      ended.signal()
    }.start()
    return (control, ended)
  }

  private func count(_ table: String) throws -> Int {
    try database.query("SELECT count(*) FROM \(table)").first?.int(0) ?? -1
  }

  private func inbox(_ queue: Queue) throws -> Int {
    try database.query("SELECT count(*) FROM inbox WHERE consumer = $1", [queue.rawValue]).first?.int(0) ?? -1
  }

  private func eventually(_ condition: () throws -> Bool) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(300)
    while .now < deadline {
      if try condition() { return true }
      Thread.sleep(forTimeInterval: 0.005)
    }
    return false
  }
}
