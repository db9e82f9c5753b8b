import Outbox
import RabbitMQ
import TestServers
import Testing
import Time

/// Relays that decide with their own `Leases`, beside an outbox and a broker as small as can be.
private struct RelayWorld: Hashable {
  /// A row of the outbox.
  struct Row: Hashable {
    var messages: Int
    /// The broker closes the channel for it.
    var isBad = false
    var isPublished = false
    var isLeased = false
    /// May be taken again, like one whose lease has ended.
    var isPutOff = false
  }

  /// A relay with the channel it has.
  struct Worker: Hashable {
    var leases = Leases(window: 3, largestPage: 2)
    var tags: UInt64 = 0
    var unconfirmed: [UInt64: Message] = [:]
    /// The broker has seen a bad message and will close the channel.
    var isDoomed = false
  }

  struct Message: Hashable {
    var row: Int
    var part: Int
  }

  var rows: [Row]
  var workers: [Worker]
  /// What the broker has queued, once or more often.
  var queued: Set<Message> = []
  /// How many crashes, lost connections, lost answers and leases that end there may be yet.
  var mishaps: Int

  // MARK: One worker's steps

  /// Marks and leases in one transaction.
  mutating func turn(_ number: Int, isAnswerLost: Bool = false) {
    let settled = workers[number].leases.settled
    for packet in settled {
      if packet.failure == nil { rows[packet.key.id].isPublished = true } else { putOff(packet.key.id) }
      rows[packet.key.id].isLeased = false
    }
    let free = rows.indices.filter { !rows[$0].isPublished && !rows[$0].isLeased && !rows[$0].isPutOff }
    let taken = free.prefix(workers[number].leases.wanted)
    for row in taken { rows[row].isLeased = true }
    if isAnswerLost { return }
    workers[number].leases.take(taken.map { LeasedPacket(key: Self.key($0), bytes: []) })
    workers[number].leases.marked(settled.count, isWell: true)
  }

  /// Sends the messages of the next packet; all of them, unless the connection is lost in the middle.
  mutating func publish(_ number: Int, atMost most: Int = .max) {
    guard let packet = workers[number].leases.next else { return }
    var tags: [(tag: UInt64, messageId: String)] = []
    for part in 0..<min(most, rows[packet.id].messages) {
      workers[number].tags += 1
      let tag = workers[number].tags
      tags.append((tag, "\(packet.id)/\(part)"))
      if rows[packet.id].isBad { workers[number].isDoomed = true }
      // Behind a bad message the broker reads no more.
      if !workers[number].isDoomed {
        workers[number].unconfirmed[tag] = Message(row: packet.id, part: part)
      }
    }
    if tags.count == rows[packet.id].messages { workers[number].leases.publishedNext(as: tags) }
  }

  /// The broker has the message safe; whether it says so is another matter.
  mutating func confirm(_ number: Int, _ tag: UInt64, isHeard: Bool) {
    guard let message = workers[number].unconfirmed.removeValue(forKey: tag) else { return }
    queued.insert(message)
    if isHeard { workers[number].leases.settle(Confirm(tag: tag, multiple: false)) }
  }

  /// The channel is gone; a new one follows. A packet that is to blame is put off, the others are given back.
  mutating func lose(_ number: Int) {
    let guilty = workers[number].leases.loseChannel(byItsError: workers[number].isDoomed)
    if let guilty { putOff(guilty.id) }
    for key in workers[number].leases.toGiveBack { rows[key.id].isLeased = false }
    workers[number].leases.gaveBack()
    reopen(number)
  }

  mutating func crash(_ number: Int) {
    workers[number].leases = Leases(window: 3, largestPage: 2)
    reopen(number)
  }

  private mutating func reopen(_ number: Int) {
    workers[number].isDoomed = false
    workers[number].tags = 0
    workers[number].unconfirmed = [:]
  }

  private mutating func putOff(_ row: Int) { rows[row].isPutOff = true }

  private static func key(_ row: Int) -> PacketKey { PacketKey(createdAt: .epoch, id: row) }
}

extension RelayWorld {
  /// What may happen next.
  var steps: [(String, RelayWorld)] {
    var steps: [(String, RelayWorld)] = []
    func add(_ name: String, isMishap: Bool = false, _ change: (inout RelayWorld) -> Void) {
      guard !isMishap || mishaps > 0 else { return }
      var next = self
      if isMishap { next.mishaps -= 1 }
      change(&next)
      steps.append((name, next))
    }
    for (number, worker) in workers.enumerated() {
      if !worker.leases.settled.isEmpty || worker.leases.wanted > 0 {
        add("\(number) turns") { $0.turn(number) }
        add("\(number) turns unheard", isMishap: true) { $0.turn(number, isAnswerLost: true) }
      }
      if let packet = worker.leases.next {
        add("\(number) publishes \(packet.id)") { $0.publish(number) }
        if rows[packet.id].messages > 1 {
          add("\(number) is cut off in \(packet.id)", isMishap: true) {
            $0.publish(number, atMost: 1)
            $0.lose(number)
          }
        }
        add("\(number) is blocked") { $0.forgo(number) }
      }
      for tag in worker.unconfirmed.keys.sorted() {
        add("\(number) hears of \(tag)") { $0.confirm(number, tag, isHeard: true) }
        add("\(number) loses the confirm of \(tag)", isMishap: true) {
          $0.confirm(number, tag, isHeard: false)
          $0.lose(number)
        }
      }
      if worker.isDoomed { add("the broker closes \(number)") { $0.lose(number) } }
      add("\(number) loses its channel", isMishap: true) { $0.lose(number) }
      add("\(number) crashes", isMishap: true) { $0.crash(number) }
    }
    for row in rows.indices where rows[row].isLeased {
      add("the lease of \(row) ends", isMishap: true) { $0.rows[row].isLeased = false }
    }
    return steps
  }

  private mutating func forgo(_ number: Int) {
    workers[number].leases.forgoWaiting()
    for key in workers[number].leases.toGiveBack { rows[key.id].isLeased = false }
    workers[number].leases.gaveBack()
  }

  // MARK: What must be

  var wrong: String? {
    for (index, row) in rows.enumerated() where row.isPublished {
      let parts = (0..<row.messages).map { Message(row: index, part: $0) }
      if !queued.isSuperset(of: parts) { return "row \(index) is marked and not all of it is queued" }
    }
    for (index, row) in rows.enumerated() where row.isPutOff && !row.isBad {
      return "row \(index) is put off and is not to blame"
    }
    return wrongInTheEnd
  }

  /// Whatever has happened: when every process ends, the leases run out and one relay works undisturbed, all that can be
  /// published is published, and soon.
  private var wrongInTheEnd: String? {
    var end = self
    for number in workers.indices { end.crash(number) }
    for row in rows.indices { end.rows[row].isLeased = false }
    for _ in 0..<60 {
      end.turn(0)
      while end.workers[0].leases.next != nil { end.publish(0) }
      for tag in end.workers[0].unconfirmed.keys.sorted() { end.confirm(0, tag, isHeard: true) }
      if end.workers[0].isDoomed { end.lose(0) }
      if end.rows.allSatisfy({ $0.isPublished || $0.isPutOff }) { break }
    }
    let left = end.rows.indices.filter {
      end.rows[$0].isBad ? !end.rows[$0].isPutOff : !end.rows[$0].isPublished
    }
    return left.isEmpty ? nil : "rows \(left) are never published"
  }
}

/// The relay's machine, with a crash, a lost connection, a lost answer or a lease that ends between any two steps.
struct RelayExplorationTests {
  private static func explore(_ world: RelayWorld, atLeast states: Int) {
    let found = Exploration.walk(from: world, steps: \.steps, check: \.wrong)
    #expect(found.failure == nil)
    #expect(found.states > states)
  }

  @Test func `rule 21: whatever breaks between any two steps of a relay, all is published in the end`() {
    Self.explore(
      RelayWorld(rows: [.init(messages: 2), .init(messages: 1)], workers: [.init()], mishaps: 2), atLeast: 100
    )
  }

  @Test func `rule 21: whatever breaks between two relays, all is published in the end`() {
    Self.explore(
      RelayWorld(rows: [.init(messages: 1), .init(messages: 1)], workers: [.init(), .init()], mishaps: 1),
      atLeast: 100)
  }

  @Test func `rule 21: wherever a bad packet stands and whatever breaks, it alone is put off`() {
    for bad in 0..<3 {
      var rows = [RelayWorld.Row](repeating: .init(messages: 1), count: 3)
      rows[bad].isBad = true
      Self.explore(RelayWorld(rows: rows, workers: [.init()], mishaps: 1), atLeast: 100)
    }
  }
}
