import RabbitMQ
import Readiness
import Topology

/// The dead-letter queues that one desk has for itself, over a connection of its own.
///
/// Two looks at once would mix the order of the letters, so a desk is alone at a queue: an exclusive queue on this
/// very connection is the lock, so that lock and looks end together (Rule 28).
final class Looks {
  private let connection: Connection
  private let topology: Topology
  private let longestStretch: Int

  /// - Throws: `DeskError` when another desk looks at one of the queues and goes on doing so for 3 s.
  init(
    _ queues: [Queue], of topology: Topology, at brokers: [Address], authorities: String?, longestStretch: Int
  ) throws {
    connection = try Connection.open(brokers, name: "crossdock desk", authorities: authorities)
    self.topology = topology
    self.longestStretch = longestStretch
    // An error lets go of the connection, and so of the locks.
    let names = Queue.allCases.filter(queues.contains).map { topology.deadName($0) }
    for name in names { try lock(name) }
    try awaitLettersBack(in: names)
  }

  func close() { connection.close() }

  /// Before anything else, since letters that another desk looks at are not counted as ready.
  private func lock(_ name: String) throws {
    guard try connection.depth(of: name) != nil else {
      throw DeskError("the queue \(name) is missing: run `crossdock topology apply`")
    }
    let deadline = ContinuousClock.now + .seconds(3)
    while try !acquire(name + ".desk") {
      guard .now < deadline else {
        throw DeskError("somebody else is looking at \(name): try again when they are done")
      }
      pause(.milliseconds(50))
    }
  }

  /// A desk that was killed is gone from the queue in the same step in which its letters are back. Who began before that
  /// would get the younger ones first, and would give all of them back in that order.
  private func awaitLettersBack(in names: [String]) throws {
    let deadline = ContinuousClock.now + .seconds(10)
    // A busy leader sometimes says that there is nothing and nobody: that is believed after a while only.
    var doubts = 10
    var waiting = names
    while true {
      waiting = try waiting.filter { name in
        guard let depth = try connection.depth(of: name) else { return false }
        return depth.consumers > 0 || (depth.ready == 0 && doubts > 0)
      }
      guard let name = waiting.first else { return }
      guard .now < deadline else {
        throw DeskError("somebody else consumes \(name): end that, and try again")
      }
      doubts -= 1
      pause(.milliseconds(20))
    }
  }

  /// False when somebody else has that queue.
  private func acquire(_ name: String) throws(RabbitMQError) -> Bool {
    do throws(RabbitMQError) {
      try connection.declareQueue(name, exclusive: true)
      return true
    } catch  where error.code == 405 && error.scope == .request {
      return false
    }
  }

  /// How many letters wait in each of the queues that are not empty. What a desk held that was killed just now comes
  /// back a moment later, and a busy leader sometimes says 0: so 0 is believed the second time.
  func depths(of queues: [Queue]) throws(RabbitMQError) -> [(queue: Queue, ready: Int)] {
    var depths: [(queue: Queue, ready: Int)] = []
    var hasWaited = false
    for queue in queues {
      var ready = try connection.depth(of: topology.deadName(queue))?.ready ?? 0
      if ready == 0 {
        if !hasWaited { pause(.milliseconds(30)) }
        hasWaited = true
        ready = try connection.depth(of: topology.deadName(queue))?.ready ?? 0
      }
      if ready > 0 { depths.append((queue, ready)) }
    }
    return depths
  }

  /// Looks into one of them; the look before must be closed.
  func look(into queue: Queue, ready: Int) -> Look {
    Look(
      queue, named: topology.deadName(queue), begun: ready, longestStretch: longestStretch, on: connection)
  }

  private func pause(_ time: Duration) {
    _ = wait(for: [.readable(connection.socket)], timeout: time)
  }
}
