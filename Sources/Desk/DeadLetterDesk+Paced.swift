import Foundation
import Postgres
import Time
import Topology

/// How a requeue in steps has ended.
package struct PacedRequeue: Sendable, Equatable {
  package enum End: Sendable, Equatable {
    /// All that was chosen went back.
    case complete
    /// Letters died again by this fingerprint: the rest was left alone.
    case recurred(fingerprint: String)
    /// What became of the last step could not be seen in time: the rest was left alone.
    case undecided(Int)
    /// The time that it may take was over; what went back had its effect, and the rest was left alone.
    case paused
  }

  package var acted = Acted()
  package var end = End.complete
}

extension DeadLetterDesk {
  /// Brings the selection back at a rhythm. With a ramp each step waits until its letters have had their effect, and
  /// the first that dies as before ends it. `patience` is for each step, `limit` for all of them.
  package func requeue(
    _ selection: Selection, at rhythm: Rhythm, by warrant: Warrant, patience: Duration = .seconds(30),
    within limit: Duration? = nil, progress: (Acted) -> Void = { _ in }
  ) throws -> PacedRequeue {
    let deadline = limit.map { ContinuousClock.now + $0 }
    var result = PacedRequeue()
    var step = 0
    var horizon = Horizon()
    while true {
      var letters: [DeadLetterTrace] = []
      let size = rhythm.size(ofStep: step)
      let isLast = try !bringBack(
        size, of: selection, at: rhythm, by: warrant, within: &horizon, into: &result.acted
      ) {
        if rhythm.ramps { letters.append(DeadLetterTrace($0)) }
      }
      progress(result.acted)
      result.end = try end(of: letters, within: min(patience, deadline.map { $0 - .now } ?? patience))
      guard !isLast, result.end == .complete else { return result }
      if let deadline, deadline < .now {
        result.end = .paused
        return result
      }
      step += 1
    }
  }

  /// One step in portions; false when there was less than the step could take.
  private func bringBack(
    _ size: Int, of selection: Selection, at rhythm: Rhythm, by warrant: Warrant,
    within horizon: inout Horizon, into acted: inout Acted, each: (DeadLetter) -> Void
  ) throws -> Bool {
    var rest = size
    while rest > 0 {
      let started = ContinuousClock.now
      let portion = rhythm.portion(of: rest)
      let one = try act(
        .requeue, on: .selection(selection), by: warrant, atMost: portion, within: &horizon, each: each)
      acted.done += one.done
      acted.left += one.left
      rest -= one.done
      guard one.done == portion else { return false }
      Self.sleep(until: started + rhythm.time(for: portion))
    }
    return true
  }

  private static func sleep(until moment: ContinuousClock.Instant) {
    let rest = (moment - .now) / .seconds(1)
    if rest > 0 { Thread.sleep(forTimeInterval: rest) }
  }

  /// Waits for what becomes of the letters: their effect in the inbox, or another death.
  private func end(
    of letters: [DeadLetterTrace], within patience: Duration
  ) throws -> PacedRequeue.End {
    guard !letters.isEmpty else { return .complete }
    let connection = try openDatabase()
    let deadline = ContinuousClock.now + patience
    var outcome = StepOutcome(
      Dictionary(letters.map { ($0.key, $0.fingerprint) }, uniquingKeysWith: { first, _ in first }))
    var pause = Duration.milliseconds(50)
    while true {
      let waiting = letters.filter { outcome.pending[$0.key] != nil }
      outcome.note(passed: try Self.effected(waiting, on: connection))
      if !outcome.pending.isEmpty {
        let selection = Selection(
          queues: Array(Set(outcome.pending.keys.map(\.queue))), ids: Set(outcome.pending.keys.map(\.id)))
        try forEachPage(of: selection) { page, _ in
          for letter in page { outcome.note(dead: letter.key, fingerprint: letter.fingerprint) }
          return true
        }
      }
      if let fingerprint = outcome.recurred.first { return .recurred(fingerprint: fingerprint) }
      if outcome.pending.isEmpty { return .complete }
      guard .now < deadline else { return .undecided(outcome.pending.count) }
      Self.sleep(until: .now + pause)
      pause = min(pause * 2, .seconds(2))
    }
  }

  private static func effected(
    _ letters: [DeadLetterTrace], on connection: Connection
  ) throws(PostgresError) -> [LetterKey] {
    let timed = letters.filter { $0.time != nil }
    guard !timed.isEmpty else { return [] }
    return try connection.query(
      """
      SELECT m.index FROM unnest($1::bigint[], $2::text[], $3::timestamptz[], $4::text[])
                       AS m(index, consumer, event_time, message_id)
        JOIN inbox i USING (consumer, event_time, message_id)
      """,
      [
        Array(timed.indices), timed.map(\.key.queue.rawValue), timed.map(\.time), timed.map(\.key.id),
      ]
    ).map { timed[$0.int(0)].key }
  }
}

/// What is remembered of a letter that went back.
private struct DeadLetterTrace {
  let key: LetterKey
  let fingerprint: String
  let time: Timestamp?

  init(_ letter: DeadLetter) {
    key = letter.key
    fingerprint = letter.fingerprint
    time = letter.subject?.time
  }
}
