import Lane
import RabbitMQ
import TestServers
import Testing
import Time

/// A lane that decides with its own `Course`, `Acks`, `Replay` and `Caution`, beside a queue and a database as small as can
/// be.
private struct LaneWorld: Hashable {
  enum Kind: Hashable { case good, guilty, unreadable, transient, crasher }

  struct Message: Keyed, Hashable {
    var id: String
    var time = Timestamp.epoch
    var kind: Kind
  }

  /// A delivery as the queue has it; its place in `all` tells it from another of the same id.
  struct Copy: Hashable {
    var place: Int
    var returns = 0
  }

  /// What a worker has in memory.
  struct Worker: Hashable {
    var acks: Acks
    var received: UInt64 = 0
    var prefetched: [Held] = []
    var batch: [Held] = []
    var course: Course<Message>?
    /// Whether the ids of the batch were noted before it was decoded (Rule 17).
    var isNoted = false
  }

  struct Held: Hashable {
    var copy: Copy
    var tag: DeliveryTag
  }

  /// A row of `in_hand`.
  struct Note: Hashable {
    var crashes = 0
    var isAlone: Bool
  }

  let all: [Message]
  var queue: [Copy]
  var worker = Worker(acks: Acks(epoch: 1))
  var epoch = 1
  /// What the broker has delivered and not heard of.
  var outstanding: [UInt64: Copy] = [:]
  /// Copies that were published to the dead letters or a delay queue, by the place of the original.
  var dead: Set<Int> = []
  var delayed: Set<Int> = []
  var inbox: Set<String> = []
  var effects: [String: Int] = [:]
  var inHand: [String: Note] = [:]
  /// How many crashes, lost connections and lost answers there may be yet.
  var mishaps: Int
  var complaint: String?

  init(_ kinds: [(String, Kind)], mishaps: Int) {
    all = kinds.map { Message(id: $0.0, kind: $0.1) }
    queue = all.indices.map { Copy(place: $0) }
    self.mishaps = mishaps
  }

  private static let failure = Failure(.badData, place: "test", "guilty")
  private static let absence = Failure(.unavailable, place: "test", "not there")

  // MARK: The broker

  mutating func deliver() {
    let copy = queue.removeFirst()
    worker.received += 1
    let tag = DeliveryTag(epoch: epoch, number: worker.received)
    worker.acks.receive(tag)
    outstanding[tag.number] = copy
    worker.prefetched.append(Held(copy: copy, tag: tag))
  }

  /// The channel is gone, and all that it had comes again; the lane may be in the middle of a batch.
  mutating func loseChannel() {
    let back = outstanding.sorted { $0.key < $1.key }.map { Copy(place: $1.place, returns: $1.returns + 1) }
    queue = back + queue
    outstanding = [:]
    epoch += 1
    worker.acks = Acks(epoch: epoch)
    worker.received = 0
    worker.prefetched = []
  }

  mutating func crash() {
    loseChannel()
    worker.batch = []
    worker.course = nil
  }

  // MARK: The lane

  /// Begins with what has come: fresh messages together, redelivered ones apart and in small bites.
  mutating func take() {
    let redelivered = worker.prefetched.filter { $0.copy.returns > 0 }
    worker.isNoted = !redelivered.isEmpty
    if let first = redelivered.first {
      let bite = redelivered.prefix(Caution.bite(batch: 4, returns: first.copy.returns))
      worker.batch = Array(bite.prefix { $0.copy.returns <= first.copy.returns })
      note(worker.batch.map { all[$0.copy.place].id })
    } else {
      worker.batch = worker.prefetched
    }
    worker.prefetched.removeAll { worker.batch.contains($0) }
    let contents = worker.batch.map { held -> Result<Message, Failure> in
      let message = all[held.copy.place]
      let crashes = worker.isNoted ? inHand[message.id]?.crashes ?? 0 : 0
      if crashes >= InHand.crashesToBlame { return .failure(Self.failure) }
      return message.kind == .unreadable ? .failure(Self.failure) : .success(message)
    }
    worker.course = Course(contents, isNoted: worker.isNoted)
  }

  /// As the statement of `InHand.note` does it.
  private mutating func note(_ ids: [String]) {
    let isAlone = Set(ids).count == 1
    for id in Set(ids) {
      let crashes = inHand[id].map { $0.crashes + ($0.isAlone ? 1 : 0) } ?? 0
      inHand[id] = Note(crashes: crashes, isAlone: isAlone)
    }
  }

  private mutating func release() {
    for held in worker.batch { inHand[all[held.copy.place].id] = nil }
  }

  /// Does the step that the course asks for. `isAnswerLost`: it happened, and the lane does not hear of it.
  mutating func step(isAnswerLost: Bool = false) {
    guard let step = worker.course?.next else { return }
    switch step {
    case .commit(let range, let isReleasing): commit(range, isReleasing, isAnswerLost)
    case .release:
      release()
      if !isAnswerLost { worker.course?.released() }
    case .note: worker.course?.noted()
    case .publish(let indices):
      for index in indices { leave(index) }
      // Without their confirms nothing may be acked: the lane gives the batch up.
      if isAnswerLost { crash() } else { worker.course?.published(except: []) }
    case .ack(let indices):
      for ack in worker.acks.settle(indices.map { worker.batch[$0].tag }) { take(ack) }
      worker.course?.acked()
    }
    if worker.course?.next == nil { (worker.course, worker.batch) = (nil, []) }
  }

  private mutating func commit(_ range: Range<Int>, _ isReleasing: Bool, _ isAnswerLost: Bool) {
    guard let messages = worker.course?.messages[range] else { return }
    // A transaction that a crasher is in never commits.
    if messages.contains(where: { $0.kind == .crasher }) { return crash() }
    let fresh = messages.filter { !inbox.contains($0.id) }
    if fresh.contains(where: { $0.kind == .guilty }) {
      worker.course?.failed(.deadLetter(Self.failure))
      return
    }
    var exceptions: [Int: Disposition] = [:]
    for (index, message) in messages.enumerated() where !inbox.contains(message.id) {
      if message.kind == .transient {
        exceptions[index] = .delay(Self.absence)
      } else {
        inbox.insert(message.id)
        effects[message.id, default: 0] += 1
      }
    }
    if isReleasing { release() }
    if !isAnswerLost { worker.course?.committed(exceptions) }
  }

  private mutating func leave(_ index: Int) {
    let place = worker.batch[index].copy.place
    guard let course = worker.course else { return }
    if case .delay = course.dispositions[index] { delayed.insert(place) } else { dead.insert(place) }
  }

  private mutating func take(_ ack: Acks.Ack) {
    guard outstanding[ack.tag] != nil else {
      complaint = "the broker closes the channel for \(ack)"
      return
    }
    for tag in outstanding.keys where ack.multiple ? tag <= ack.tag : tag == ack.tag {
      guard let copy = outstanding.removeValue(forKey: tag) else { continue }
      let isSafe =
        effects[all[copy.place].id] != nil || dead.contains(copy.place) || delayed.contains(copy.place)
      if !isSafe { complaint = "\(all[copy.place].id) is acked and has had no effect" }
    }
  }
}

extension LaneWorld {
  var steps: [(String, LaneWorld)] {
    var steps: [(String, LaneWorld)] = []
    func add(_ name: String, isMishap: Bool = false, _ change: (inout LaneWorld) -> Void) {
      guard !isMishap || mishaps > 0 else { return }
      var next = self
      if isMishap { next.mishaps -= 1 }
      change(&next)
      steps.append((name, next))
    }
    if !queue.isEmpty { add("deliver") { $0.deliver() } }
    if worker.course == nil, !worker.prefetched.isEmpty { add("take") { $0.take() } }
    if let step = worker.course?.next {
      add("\(step)") { $0.step() }
      add("\(step), unheard", isMishap: true) { $0.step(isAnswerLost: true) }
    }
    if !outstanding.isEmpty {
      add("crash", isMishap: true) { $0.crash() }
      add("lose the channel", isMishap: true) { $0.loseChannel() }
    }
    return steps
  }

  /// Why this state may not be.
  var wrong: String? {
    if let complaint { return complaint }
    if let twice = effects.first(where: { $0.value > 1 }) { return "\(twice.key) has had its effect twice" }
    for place in dead where all[place].kind == .good || all[place].kind == .transient {
      return "\(all[place].id) is dead and innocent"
    }
    for place in delayed where all[place].kind != .transient { return "\(all[place].id) is delayed" }
    return wrongInTheEnd
  }

  /// When nothing goes wrong any more, all is worked off, and everything is where it belongs.
  private var wrongInTheEnd: String? {
    var end = self
    for _ in 0..<200 {
      while !end.queue.isEmpty { end.deliver() }
      if end.worker.course != nil {
        end.step()
      } else if !end.worker.prefetched.isEmpty {
        end.take()
      } else {
        break
      }
    }
    if let complaint = end.complaint { return "in the end \(complaint)" }
    if !end.queue.isEmpty || !end.outstanding.isEmpty { return "it is never worked off" }
    for (place, message) in all.enumerated() {
      let isRight =
        switch message.kind {
        case .good: end.effects[message.id] == 1
        case .guilty, .unreadable, .crasher: end.dead.contains(place) && end.effects[message.id] == nil
        case .transient: end.delayed.contains(place) && !end.inbox.contains(message.id)
        }
      if !isRight { return "in the end \(message.id), \(message.kind), is not where it belongs" }
    }
    return nil
  }
}

/// The lane's machine over batches of every composition, with a crash, a lost channel or a lost answer between any two
/// steps.
struct LaneExplorationTests {
  private static func explore(_ kinds: [(String, LaneWorld.Kind)], mishaps: Int) -> Int {
    let found = Exploration.walk(from: LaneWorld(kinds, mishaps: mishaps), steps: \.steps, check: \.wrong)
    #expect(found.failure == nil, "\(kinds.map(\.1))")
    return found.states
  }

  @Test
  func `rules 14 and 19: whatever breaks between two steps, each message has one effect or is a letter`() {
    let kinds: [LaneWorld.Kind] = [.good, .guilty, .unreadable, .transient]
    var states = 0
    for first in kinds {
      for second in kinds {
        for third in kinds {
          states += Self.explore([("a", first), ("b", second), ("c", third)], mishaps: 1)
        }
      }
    }
    #expect(states > 1_000)
  }

  @Test func `promise 3: copies of one message have one effect, whatever breaks between two steps`() {
    #expect(Self.explore([("a", .good), ("a", .good), ("b", .good)], mishaps: 2) > 500)
    #expect(Self.explore([("a", .good), ("b", .guilty), ("a", .good)], mishaps: 1) > 100)
  }

  @Test func `rule 17: a message that ends its worker dies alone, whatever else breaks`() {
    for place in 0..<3 {
      var kinds = [("a", LaneWorld.Kind.good), ("b", .good), ("c", .good)]
      kinds[place].1 = .crasher
      #expect(Self.explore(kinds, mishaps: 1) > 100)
    }
  }
}
