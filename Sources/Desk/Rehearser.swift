package import Lane
import Postgres
import Time
package import Topology

/// What a letter would come to if it were requeued now.
package enum Verdict: Sendable, Equatable {
  case passes
  /// Its effect is there already; it would be acked and change nothing.
  case hadItsEffect
  /// A passing failure: it would come again from a delay queue.
  case comesAgain(Failure)
  case dies(Failure)
  /// Nobody here can say: its queue takes jobs, or its consumer is not known.
  case unknown

  package var wouldPass: Bool { self == .passes || self == .hadItsEffect }

  /// One word for programs.
  package var name: String {
    switch self {
    case .passes: "passes"
    case .hadItsEffect: "had_its_effect"
    case .comesAgain: "comes_again"
    case .dies: "dies"
    case .unknown: "unknown"
    }
  }

  package var failure: Failure? {
    switch self {
    case .comesAgain(let failure), .dies(let failure): failure
    case .passes, .hadItsEffect, .unknown: nil
    }
  }

  init(_ disposition: Disposition) {
    switch disposition {
    case .ack: self = .passes
    case .delay(let failure, _), .wait(let failure): self = .comesAgain(failure)
    case .deadLetter(let failure): self = .dies(failure)
    }
  }
}

/// Runs a queue's present consumer on dead letters, in transactions that always roll back.
package struct Rehearser: Sendable {
  package let queue: Queue
  let verdicts: @Sendable ([DeadLetter], Connection) throws -> [Verdict]

  /// `make` makes a consumer as the lanes have it; each attempt has one of its own, since what it learns from rows
  /// that are rolled back must not be remembered.
  package init<C: Consumer & SendableMetatype>(_ queue: Queue, _ make: @escaping @Sendable () -> C) {
    self.queue = queue
    verdicts = { letters, connection in
      try Rehearsal(make: make, connection: connection).verdicts(on: letters)
    }
  }
}

/// One page's rehearsal: together if all goes well, in halves where something fails, as a lane does.
private struct Rehearsal<C: Consumer> {
  let make: @Sendable () -> C
  let connection: Connection

  func verdicts(on letters: [DeadLetter]) throws -> [Verdict] {
    var verdicts = [Verdict](repeating: .unknown, count: letters.count)
    var messages: [C.Message] = []
    /// Where each message's letters are; copies of one message share its fate.
    var places: [[Int]] = []
    var known: [String: Int] = [:]
    let decoder = make()
    for (index, letter) in letters.enumerated() {
      do {
        let message = try letter.body.withUnsafeBytes { try decoder.decode($0) }
        if let place = known[message.id] {
          places[place].append(index)
        } else {
          known[message.id] = messages.count
          messages.append(message)
          places.append([index])
        }
      } catch {
        verdicts[index] = Verdict(Dispositions.disposition(for: error))
      }
    }
    for (place, verdict) in zip(places, try decide(messages)) {
      for index in place { verdicts[index] = verdict }
    }
    return verdicts
  }

  private func decide(_ messages: [C.Message]) throws -> [Verdict] {
    var decided = [Verdict](repeating: .passes, count: messages.count)
    guard !messages.isEmpty, let failure = try attempt(0..<messages.count, of: messages, into: &decided)
    else {
      return decided
    }
    guard messages.count > 1 else { return [Verdict(failure)] }
    var replay = Replay(count: messages.count)
    while let range = replay.next() {
      guard let failure = try attempt(range, of: messages, into: &decided) else { continue }
      if let guilty = replay.failed(range) { decided[guilty] = Verdict(failure) }
    }
    return decided
  }

  /// Answers why the range as a whole fails; nil when each of it is decided.
  private func attempt(
    _ range: Range<Int>, of messages: [C.Message], into decided: inout [Verdict]
  ) throws -> Disposition? {
    do {
      let result = try LaneTransaction.rehearse(make(), Array(messages[range]), on: connection)
      let fresh = Set(result.fresh)
      for index in range {
        let place = index - range.lowerBound
        decided[index] =
          !fresh.contains(place) ? .hadItsEffect : result.exceptions[place].map { Verdict($0) } ?? .passes
      }
      return nil
    } catch {
      let disposition = Dispositions.disposition(for: error)
      // The database is away, or aborted it of its own accord: that says nothing about the letters.
      if case .wait = disposition { throw error }
      return disposition
    }
  }
}

extension DeadLetterDesk {
  /// Tells of every selected letter what it would come to; nothing is changed.
  package func rehearse(
    _ selection: Selection, with rehearsers: [Rehearser], each: (DeadLetter, Verdict) throws -> Void
  ) throws {
    let stage = try openDatabase(settings: LaneTransaction.settings)
    try forEachPage(of: selection) { page, _ in
      guard let queue = page.first?.queue else { return true }
      let rehearser = rehearsers.first { $0.queue == queue }
      let verdicts = try rehearser?.verdicts(page, stage) ?? page.map { _ in .unknown }
      for (letter, verdict) in zip(page, verdicts) { try each(letter, verdict) }
      return true
    }
  }

  /// As `plan`, of those letters alone that would pass now.
  package func plan(
    _ action: Plan.Action, of selection: Selection, passing rehearsers: [Rehearser], by warrant: Warrant
  ) throws -> Plan {
    var plan = Plan(action, by: warrant, at: .now())
    try rehearse(selection, with: rehearsers) { letter, verdict in
      if verdict.wouldPass { plan.add(letter) }
    }
    return plan
  }
}
