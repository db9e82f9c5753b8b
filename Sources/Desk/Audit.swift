import Foundation
import Outbox
import Postgres
import RabbitMQ
package import Time
import Topology

/// The conservation account of every queue of events, from the outbox, the inbox, the dead letters and the broker.
package struct Audit: Sendable {
  private let desk: DeadLetterDesk
  private let since: Timestamp
  /// Unsettled deliveries by the name of their queue, where the management API tells them.
  private let unacked: [String: Int]

  package init(_ desk: DeadLetterDesk, since: Timestamp, unacked: [String: Int] = [:]) {
    self.desk = desk
    self.since = since
    self.unacked = unacked
  }

  /// The account. What seems to be missing is looked at a second time, since messages move meanwhile: missing is only
  /// what is so twice.
  package func accounts() throws -> [AuditAccount] {
    let first = try look()
    guard first.contains(where: { $0.missingCount > 0 }) else { return first }
    // By then a worker has finished, or given up, what it had in hand.
    Thread.sleep(forTimeInterval: try hasConsumers() ? 6 : 0.5)
    let before = Dictionary(uniqueKeysWithValues: first.map { ($0.queue, Set($0.missing.map(\.id))) })
    return try look().map { account in
      var account = account
      let suspects = before[account.queue] ?? []
      guard account.missing.count < AuditAccount.mostNamed else { return account }
      account.missing.removeAll { !suspects.contains($0.id) }
      account.missingCount = account.missing.count
      return account
    }
  }

  private static let queues = Queue.allCases.filter { !$0.takesJobs }

  /// First what the broker holds, then the dead, then the database: whatever was published before the first of them
  /// and is in none is missing.
  private func look() throws -> [AuditAccount] {
    let moment = Timestamp.now()
    let (holdings, delayed) = try holdings()
    var dead: [(queue: Queue, id: String)] = []
    try desk.forEachPage(of: Selection(queues: Self.queues), withNoted: true) { page, _ in
      dead += page.map { ($0.queue, $0.id) }
      return true
    }
    let connection = try desk.openDatabase(settings: ["idle_in_transaction_session_timeout": "10min"])
    return try AuditLedger.with(connection, topology: desk.topology, since: since) { ledger in
      try ledger.stage(dead: dead, delayed: delayed)
      return try Self.queues.map { queue in
        var account = try ledger.account(of: queue)
        let rest = try ledger.restCount(of: queue, sentBefore: moment)
        account.missingCount = holdings[queue]?.excess(of: rest) ?? 0
        account.missing = try ledger.rest(
          of: queue, sentBefore: moment, first: min(account.missingCount, AuditAccount.mostNamed))
        return account
      }
    }
  }

  private func withBroker<T>(_ body: (RabbitMQ.Connection) throws -> T) throws -> T {
    let connection = try RabbitMQ.Connection.open(
      desk.brokers, name: "crossdock audit", authorities: desk.authorities)
    defer { connection.close() }
    return try body(connection)
  }

  private func hasConsumers() throws -> Bool {
    try withBroker { broker in
      try Self.queues.contains { try broker.depth(of: desk.topology.name($0))?.consumers ?? 0 > 0 }
    }
  }

  private func holdings() throws -> (holdings: [Queue: Holding], delayed: [Queue: Set<String>]) {
    try withBroker { broker in
      var delayed = DelayedLetters(desk.topology)
      try delayed.look(on: broker)
      var holdings: [Queue: Holding] = [:]
      for queue in Self.queues {
        let name = desk.topology.name(queue)
        let depth = try broker.depth(of: name)
        // Without a consumer nobody has anything in hand.
        let inHand = depth?.consumers == 0 ? 0 : unacked[name]
        holdings[queue] = Holding(ready: depth?.ready ?? 0, unacked: inHand, delayed: 0)
      }
      // On its way from a delay queue a message is in one of the two looks at the delay queues, or in its own queue.
      try delayed.look(on: broker)
      return (
        holdings.mapValues { Holding(ready: $0.ready, unacked: $0.unacked, delayed: delayed.unread) },
        delayed.ids
      )
    }
  }

  // MARK: Repair

  /// Publishes what is missing again, each to the queue that lacks it (Rule 22). Answers how many went.
  package func repair(_ accounts: [AuditAccount]) throws -> Int {
    let connection = try desk.openDatabase()
    let publisher = try Publisher(at: desk.brokers, authorities: desk.authorities)
    defer { publisher.close() }
    var repaired = 0
    for account in accounts {
      for (packet, missing) in Dictionary(grouping: account.missing, by: \.packet) {
        guard let createdAt = missing.first?.createdAt else { continue }
        let ids = Set(missing.map(\.id))
        let rows = try connection.query(
          "SELECT messages FROM outbox WHERE created_at = $1 AND id = $2", [createdAt, packet])
        guard let bytes = rows.first?.bytes(0) else { continue }
        let messages = try Packet.messages(in: bytes).filter { ids.contains($0.messageId) }
        repaired += try publisher.publish(
          messages.map {
            .init(queue: desk.topology.name(account.queue), properties: $0.properties, body: $0.body)
          }
        ).count
      }
    }
    return repaired
  }
}
