import Postgres
import RabbitMQ
import Time
import Topology

/// What an action has done.
package struct Acted: Sendable, Equatable {
  package var done: Int
  /// Chosen, but the broker did not take them: they are where they were.
  package var left: Int

  package init(done: Int = 0, left: Int = 0) {
    self.done = done
    self.left = left
  }
}

extension DeadLetterDesk {
  /// Brings the selection back to the queues it died in, under the same ids.
  package func requeue(_ selection: Selection, by warrant: Warrant) throws -> Acted {
    try act(.requeue, on: .selection(selection), by: warrant)
  }

  /// Takes the selection out for good; the record keeps who and why.
  package func discard(_ selection: Selection, by warrant: Warrant) throws -> Acted {
    try act(.discard, on: .selection(selection), by: warrant)
  }

  /// Freezes the selection.
  package func plan(_ action: Plan.Action, of selection: Selection, by warrant: Warrant) throws -> Plan {
    var plan = Plan(action, by: warrant, at: .now())
    try forEachPage(of: selection) { page, _ in
      for letter in page { plan.add(letter) }
      return true
    }
    return plan
  }

  /// What has become of a plan's letters.
  package func state(of plan: Plan) throws -> PlanState {
    var lying: Set<LetterKey> = []
    try forEachPage(of: Selection(queues: plan.queues), withNoted: true) { page, _ in
      for letter in page where plan.contains(letter) { lying.insert(letter.key) }
      return true
    }
    let connection = try openDatabase()
    var state = PlanState()
    for queue in plan.queues {
      let keys = Set(plan.letters.keys.filter { $0.queue == queue })
      let noted = try Intents.noted(of: keys, in: queue, on: connection)
      for key in keys {
        state.add(key, lies: lying.contains(key), noted: noted[key], planned: plan.action.deed)
      }
    }
    return state
  }

  /// Does exactly what was planned. Where that very deed is done already it counts, so that a killed `apply` is
  /// repeated.
  ///
  /// - Throws: `DeskError`, and nothing is touched, when one of the letters is gone, is not what it was, or was dealt
  ///   with in another way; also when another desk came between, and then it says how many it was in time for.
  package func apply(_ plan: Plan, by actor: String) throws -> Acted {
    let state = try state(of: plan)
    guard state.changed.isEmpty else { throw DeskError(changed: state.changed) }
    var acted = try act(
      plan.action.deed, on: .plan(plan), by: Warrant(actor: actor, reason: plan.warrant.reason))
    let missed = state.unchanged - acted.done - acted.left
    guard missed <= 0 else {
      throw DeskError(
        "\(acted.done) done, but \(missed) more were taken by another desk meanwhile: `crossdock dlq apply --dry-run` "
          + "says whether the plan still holds")
    }
    acted.done += state.done
    return acted
  }

  /// Deals with what is chosen, and finishes what a killed desk had begun there. `atMost` counts over all queues;
  /// `each` is told of every letter that this call chose and dealt with.
  func act(
    _ deed: Deed, on choice: Choice, by warrant: Warrant, atMost limit: Int = .max
  ) throws -> Acted {
    var horizon = Horizon()
    return try act(deed, on: choice, by: warrant, atMost: limit, within: &horizon) { _ in }
  }

  /// The same for an action of several calls, which share a horizon.
  ///
  /// A letter leaves the dead only after its copy is confirmed and that is written down: killed at any moment,
  /// nothing is lost or left behind twice, and the next desk goes on.
  func act(
    _ deed: Deed, on choice: Choice, by warrant: Warrant, atMost limit: Int, within horizon: inout Horizon,
    each: (DeadLetter) -> Void
  ) throws -> Acted {
    let connection = try openDatabase()
    let publisher = try Publisher(at: brokers, authorities: authorities)
    defer { publisher.close() }
    let looks = try openLooks(choice.queues)
    defer { looks.close() }
    var result = Acted()
    for (queue, ready) in try looks.depths(of: choice.queues) {
      let look = looks.look(into: queue, ready: ready)
      var rest = min(
        (choice.limit ?? .max) - horizon.chosen(of: queue), limit - result.done - result.left)
      var old = horizon.letters(of: queue, ready: ready)
      while rest > 0 {
        let page = try look.next()
        guard !page.isEmpty else { break }
        let noted = try Intents.noted(of: page.map(\.letter), in: queue, on: connection)
        let work = PageWork(page, noted: noted, choice: choice, deed: deed, limit: rest, old: old)
        old -= min(old, page.count)
        horizon.chose(work.fresh.count, of: queue)
        try Intents.note(deed, on: work.fresh.map(\.letter), in: queue, by: warrant, on: connection)
        let gone = try publish(work.toPublish, to: queue, over: publisher)
        let finished = gone + work.toDiscard
        try Intents.finish(finished.map(\.letter), in: queue, on: connection)
        try look.take((finished + work.leftovers).map(\.tag))
        horizon.took(finished.count + work.leftovers.count, from: queue)
        let keys = Set(finished.map(\.letter.key))
        let done = work.fresh.filter { keys.contains($0.letter.key) }
        for one in done { each(one.letter) }
        result.done += done.count
        result.left += work.fresh.count - done.count
        rest -= work.fresh.count
      }
      try look.close()
    }
    return result
  }

  /// Answers those whose copies are confirmed.
  private func publish(
    _ letters: [(held: Look.Held, body: [UInt8])], to queue: Queue, over publisher: Publisher
  ) throws -> [Look.Held] {
    let confirmed = try publisher.publish(
      letters.map { held, body in
        .init(queue: topology.name(queue), properties: held.letter.revived, body: body)
      })
    return letters.indices.filter { confirmed.contains($0) }.map { letters[$0].held }
  }
}

/// How many letters of each queue lay there when an action began: what dies while it lasts, perhaps again of what it was
/// brought back from, is left for another action, so that each one ends.
struct Horizon: Sendable {
  private var rest: [Queue: Int] = [:]
  private var chosen: [Queue: Int] = [:]

  /// How many of the queue the action has dealt with so far: a limit holds over all its calls.
  func chosen(of queue: Queue) -> Int { chosen[queue, default: 0] }

  mutating func chose(_ count: Int, of queue: Queue) { chosen[queue, default: 0] += count }

  /// How many of the queue's oldest letters are the action's concern; `ready` lie there now.
  mutating func letters(of queue: Queue, ready: Int) -> Int {
    if let known = rest[queue] { return known }
    rest[queue] = ready
    return ready
  }

  mutating func took(_ count: Int, from queue: Queue) {
    rest[queue] = max(0, rest[queue, default: 0] - count)
  }
}

/// What is to be done with the letters of one page. A pure value.
struct PageWork {
  /// Chosen now; to be noted first.
  private(set) var fresh: [Look.Held] = []
  /// To be published with this payload, then taken out.
  private(set) var toPublish: [(held: Look.Held, body: [UInt8])] = []
  /// To be taken out.
  private(set) var toDiscard: [Look.Held] = []
  /// Dealt with before and come back all the same: an ack was lost.
  private(set) var leftovers: [Look.Held] = []

  /// The first `old` letters of the page may be chosen, `limit` of them at most; what was begun is finished anyway.
  init(
    _ page: [Look.Held], noted: [LetterKey: Intents.Noted], choice: Choice, deed: Deed, limit: Int, old: Int
  ) {
    for (place, held) in page.enumerated() {
      switch noted[held.letter.key] {
      case .done: leftovers.append(held)
      case .intended(let begun): add(begun, held)
      case nil:
        guard place < old, fresh.count < limit, choice.contains(held.letter) else { continue }
        fresh.append(held)
        add(deed, held)
      }
    }
  }

  private mutating func add(_ deed: Deed, _ held: Look.Held) {
    switch deed {
    case .requeue: toPublish.append((held, held.letter.body))
    case .edit(let body): toPublish.append((held, body))
    case .discard: toDiscard.append(held)
    }
  }
}

extension DeskError {
  fileprivate init(changed: [LetterKey]) {
    let named = changed.map(\.id).sorted().prefix(5).joined(separator: ", ")
    let more = changed.count > 5 ? " and \(changed.count - 5) more" : ""
    self.init(
      "nothing was done: \(named)\(more) changed since the plan was made; make another with `crossdock dlq plan`"
    )
  }
}
