import Postgres
import Topology

/// What the desk is about to do, written before it is done: a desk that was killed between the broker's confirm and
/// its ack leaves an intent, which the next desk finishes (Rule 26).
enum Intents {
  /// Notes the requeue of these letters, each for its next generation; what is noted already stays.
  static func note(
    _ letters: [DeadLetter], in queue: Queue, by actor: String, reason: String?, on connection: Connection
  ) throws {
    try connection.query(
      """
      INSERT INTO dead_letter_actions (queue, message_id, action, generation, actor, reason)
      SELECT $1, letter.id, 'requeue', letter.generation, $4, $5
        FROM unnest($2::text[], $3::int[]) AS letter(id, generation)
       WHERE NOT EXISTS (SELECT FROM dead_letter_actions a WHERE a.queue = $1 AND a.message_id = letter.id
                                                        AND a.generation = letter.generation)
      """,
      [
        queue.rawValue, letters.map(\.id), letters.map { Int32(clamping: $0.generation + 1) }, actor, reason,
      ])
  }

  /// Marks the requeues of these ids as done.
  static func finish(_ ids: Set<String>, in queue: Queue, on connection: Connection) throws {
    try connection.query(
      """
      UPDATE dead_letter_actions SET state = 'done', done_at = clock_timestamp()
       WHERE queue = $1 AND message_id = ANY($2) AND state = 'intended'
      """, [queue.rawValue, ids.sorted()])
  }

  /// The requeues that were begun and not finished, as "id generation".
  static func open(in queue: Queue, on connection: Connection) throws -> Set<String> {
    let rows = try connection.query(
      """
      SELECT message_id, generation FROM dead_letter_actions
       WHERE queue = $1 AND state = 'intended' AND action = 'requeue'
      """, [queue.rawValue])
    return Set(rows.map { key($0.text(0), generation: $0.int(1)) })
  }

  /// How `open` spells the intent that a letter's requeue would have.
  static func key(of letter: DeadLetter) -> String { key(letter.id, generation: letter.generation + 1) }

  private static func key(_ id: String, generation: Int) -> String { "\(id) \(generation)" }
}
