import Postgres
import Topology

/// What can be done to a letter.
package enum Deed: Sendable, Equatable {
  /// Back to the queue it died in, under its id.
  case requeue
  /// The same with another payload.
  case edit([UInt8])
  case discard

  var name: String {
    switch self {
    case .requeue: "requeue"
    case .edit: "edit"
    case .discard: "discard"
    }
  }

  var editedBody: [UInt8]? { if case .edit(let body) = self { body } else { nil } }
}

/// Who does it, and why; both stand in the record for ever.
package struct Warrant: Sendable, Equatable {
  package var actor: String
  package var reason: String?

  package init(actor: String, reason: String? = nil) {
    self.actor = actor
    self.reason = reason
  }
}

/// The record of what is done to letters, written before it is done: a desk that was killed on the way leaves an
/// intent, which the next desk finishes (Rule 26).
///
/// The order is: note, publish, confirm, mark as done, take the letter out. So whatever is still in its queue and is
/// marked as done has only to be taken out, and what is only noted is done again from the start.
enum Intents {
  /// How far an action has come.
  enum Noted: Equatable {
    case intended(Deed)
    case done(Deed)

    var deed: Deed {
      switch self {
      case .intended(let deed), .done(let deed): deed
      }
    }
  }

  /// What has been noted of these letters of one queue.
  static func noted(
    of letters: [DeadLetter], in queue: Queue, on connection: Connection
  ) throws(PostgresError) -> [LetterKey: Noted] {
    try noted(of: Set(letters.map(\.key)), in: queue, on: connection)
  }

  /// The same by the letters' keys, of which some may have left the queue.
  static func noted(
    of keys: Set<LetterKey>, in queue: Queue, on connection: Connection
  ) throws(PostgresError) -> [LetterKey: Noted] {
    guard !keys.isEmpty else { return [:] }
    let rows = try connection.query(
      """
      SELECT message_id, generation::bigint, dead_at, action, state, edited_body FROM dead_letter_actions
       WHERE queue = $1 AND message_id = ANY($2)
      """, [queue.rawValue, keys.map(\.id)])
    var noted: [LetterKey: Noted] = [:]
    for row in rows {
      let key = LetterKey(
        queue: queue, id: row.text(0), generation: row.int(1) - 1, deadAt: row.optionalTimestamp(2))
      guard keys.contains(key) else { continue }
      noted[key] = row.text(4) == "done" ? .done(deed(row)) : .intended(deed(row))
    }
    return noted
  }

  private static func deed(_ row: Row) -> Deed {
    switch row.text(3) {
    case "discard": .discard
    case "edit": .edit(row.bytes(5))
    default: .requeue
    }
  }

  /// Notes the deed on these letters, each for its next generation.
  static func note(
    _ deed: Deed, on letters: [DeadLetter], in queue: Queue, by warrant: Warrant, on connection: Connection
  ) throws(PostgresError) {
    guard !letters.isEmpty else { return }
    let edited = deed.editedBody.map { Bytes($0) }
    try connection.query(
      """
      INSERT INTO dead_letter_actions
             (queue, message_id, action, generation, dead_at, fingerprint, actor, reason, original_body, edited_body)
      SELECT $1, letter.id, $2, letter.generation, letter.dead_at, letter.fingerprint, $3, $4, letter.body, $5
        FROM unnest($6::text[], $7::int[], $8::timestamptz[], $9::text[], $10::bytea[])
          AS letter(id, generation, dead_at, fingerprint, body)
      ON CONFLICT DO NOTHING
      """,
      [
        queue.rawValue, deed.name, warrant.actor, warrant.reason, edited, letters.map(\.id),
        letters.map { Int32(clamping: $0.generation + 1) }, letters.map(\.deadAt),
        letters.map(\.fingerprint), letters.map { edited == nil ? nil : Bytes($0.body) },
      ])
  }

  /// Marks what was noted of these letters as done.
  static func finish(
    _ letters: [DeadLetter], in queue: Queue, on connection: Connection
  ) throws(PostgresError) {
    guard !letters.isEmpty else { return }
    try connection.query(
      """
      UPDATE dead_letter_actions a SET state = 'done', done_at = clock_timestamp()
        FROM unnest($2::text[], $3::int[], $4::timestamptz[]) AS letter(id, generation, dead_at)
       WHERE a.queue = $1 AND a.message_id = letter.id AND a.generation = letter.generation
         AND a.dead_at IS NOT DISTINCT FROM letter.dead_at AND a.state = 'intended'
      """,
      [
        queue.rawValue, letters.map(\.id), letters.map { Int32(clamping: $0.generation + 1) },
        letters.map(\.deadAt),
      ])
  }
}
