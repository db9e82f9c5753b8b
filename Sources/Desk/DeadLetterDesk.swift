package import Postgres
package import RabbitMQ
package import Topology

/// The dead-letter desk: looks at what failed, and brings it back. Everything blocks; call it on a thread.
package struct DeadLetterDesk: Sendable {
  private let brokers: [Address]
  private let authorities: String?
  private let topology: Topology
  private let database: String

  /// `database` is a connection string: what is done to letters is written there.
  package init(brokers: [Address], authorities: String? = nil, topology: Topology, database: String) {
    self.brokers = brokers
    self.authorities = authorities
    self.topology = topology
    self.database = database
  }

  /// The letters of the selection, by queue, the oldest first. What another desk has begun to requeue is left out.
  package func letters(_ selection: Selection) throws -> [DeadLetter] {
    let connection = try openDatabase()
    return try selection.queues.flatMap { queue -> [DeadLetter] in
      guard let browser = try open(queue) else { return [] }
      defer { browser.close() }
      let intents = try Intents.open(in: queue, on: connection)
      let found = browser.letters.map(\.letter)
        .filter { selection.contains($0) && !intents.contains(Intents.key(of: $0)) }
      return selection.limit.map { Array(found.prefix($0)) } ?? found
    }
  }

  /// What a requeue has done.
  package struct Requeued: Sendable, Equatable {
    package var requeued = 0
    /// Chosen, but the broker did not take them: they are where they were.
    package var left = 0
  }

  /// Brings the selection back to the queues it died in, under the same ids. A letter leaves the dead only after
  /// the broker has confirmed its copy; killed at any moment, nothing is lost and the next desk goes on.
  package func requeue(_ selection: Selection, actor: String, reason: String? = nil) throws -> Requeued {
    let connection = try openDatabase()
    var result = Requeued()
    for queue in selection.queues {
      let one = try requeue(selection, in: queue, actor: actor, reason: reason, on: connection)
      result.requeued += one.requeued
      result.left += one.left
    }
    return result
  }

  private func requeue(
    _ selection: Selection, in queue: Queue, actor: String, reason: String?,
    on connection: Postgres.Connection
  ) throws -> Requeued {
    guard let browser = try open(queue) else { return Requeued() }
    defer { browser.close() }
    let intents = try Intents.open(in: queue, on: connection)
    let begun = browser.letters.filter { intents.contains(Intents.key(of: $0.letter)) }
    let fresh = browser.letters.filter {
      selection.contains($0.letter) && !intents.contains(Intents.key(of: $0.letter))
    }
    let chosen = Array(fresh.prefix(selection.limit ?? fresh.count))
    guard !(begun + chosen).isEmpty else { return Requeued() }
    try Intents.note(chosen.map(\.letter), in: queue, by: actor, reason: reason, on: connection)
    let gone = try browser.requeue(begun + chosen)
    try Intents.finish(gone, in: queue, on: connection)
    let requeued = chosen.count { gone.contains($0.letter.id) }
    return Requeued(requeued: requeued, left: chosen.count - requeued)
  }

  private func open(_ queue: Queue) throws -> Browser? {
    try Browser.open(queue, of: topology, at: brokers, authorities: authorities)
  }

  private func openDatabase() throws -> Postgres.Connection {
    try Postgres.Connection.open(database, name: "crossdock desk")
  }
}
