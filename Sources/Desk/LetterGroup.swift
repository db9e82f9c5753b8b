package import JSON
package import Time
package import Topology

/// Dead letters that failed in the same way.
package struct LetterGroup: Sendable, Equatable {
  package var fingerprint: String
  package var count: Int
  package var queues: Set<Queue>
  /// One of the errors, as an example.
  package var error: String
  package var firstSeen: Timestamp?
  package var lastSeen: Timestamp?

  /// The groups of these letters, the largest first.
  package static func groups(of letters: [DeadLetter]) -> [LetterGroup] {
    var groups: [String: LetterGroup] = [:]
    for letter in letters {
      var group =
        groups[letter.fingerprint]
        ?? LetterGroup(fingerprint: letter.fingerprint, count: 0, queues: [], error: letter.error)
      group.count += 1
      group.queues.insert(letter.queue)
      group.firstSeen = [group.firstSeen, letter.firstFailedAt ?? letter.deadAt].compactMap { $0 }.min()
      group.lastSeen = [group.lastSeen, letter.deadAt].compactMap { $0 }.max()
      groups[letter.fingerprint] = group
    }
    return groups.values.sorted { ($1.count, $0.fingerprint) < ($0.count, $1.fingerprint) }
  }

  package var json: JSON {
    [
      "fingerprint": .string(fingerprint), "count": .integer(count),
      "queues": .array(queues.map(\.rawValue).sorted().map { .string($0) }), "error": .string(error),
      "first_seen": .time(firstSeen), "last_seen": .time(lastSeen),
    ]
  }
}
