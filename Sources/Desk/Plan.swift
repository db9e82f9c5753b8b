import Crypto
package import JSON
package import Time
package import Topology

/// A selection frozen: these letters, as they are now, and what is to be done to them. A pure value; its file is
/// JSON with a hash over all of it, so that a plan that was changed by hand or cut short is refused.
package struct Plan: Sendable, Equatable {
  /// What can be planned.
  package enum Action: String, Sendable, CaseIterable {
    case requeue, discard

    var deed: Deed { self == .requeue ? .requeue : .discard }
  }

  package let action: Action
  package let warrant: Warrant
  package let createdAt: Timestamp
  /// The digest of the payload of each letter.
  package private(set) var letters: [LetterKey: String] = [:]

  package init(_ action: Action, by warrant: Warrant, at moment: Timestamp) {
    self.action = action
    self.warrant = warrant
    createdAt = moment
  }

  package mutating func add(_ letter: DeadLetter) { letters[letter.key] = letter.digest }

  package var queues: [Queue] {
    let used = Set(letters.keys.map(\.queue))
    return Queue.allCases.filter { used.contains($0) }
  }

  /// Whether this very letter is planned, unchanged.
  package func contains(_ letter: DeadLetter) -> Bool { letters[letter.key] == letter.digest }
}

extension Plan {
  private static let version = 1

  /// By queue, then id, so that the same plan is always the same text.
  private var sorted: [(key: LetterKey, value: String)] {
    letters.sorted {
      ($0.key.queue.rawValue, $0.key.id, $0.key.generation) < (
        $1.key.queue.rawValue, $1.key.id, $1.key.generation
      )
    }
  }

  package var json: JSON {
    var members = unsigned
    members["sha256"] = .string(Self.hash(of: unsigned))
    return members
  }

  private var unsigned: JSON {
    [
      "crossdock_plan": .integer(Self.version), "action": .string(action.rawValue),
      "created_by": .string(warrant.actor), "reason": .text(warrant.reason), "created_at": .time(createdAt),
      "letters": .array(
        sorted.map { key, digest in
          [
            "queue": .string(key.queue.rawValue), "id": .string(key.id),
            "generation": .integer(key.generation),
            "dead_at": .time(key.deadAt), "digest": .string(digest),
          ]
        }),
    ]
  }

  private static func hash(of json: JSON) -> String {
    SHA256.hash(data: json.bytes).map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }

  /// Reads a plan's file.
  package init(file: [UInt8]) throws(DeskError) {
    let again = "make another with `crossdock dlq plan`"
    guard let json = try? JSON.parse(file) else { throw DeskError("this is no plan: \(again)") }
    var unsigned = json.object
    unsigned["sha256"] = nil
    guard json["crossdock_plan"].integer == Int64(Self.version),
      let action = Action(rawValue: json["action"].text ?? ""),
      let actor = json["created_by"].text, let createdAt = json["created_at"].timestamp
    else { throw DeskError("this is no plan of this version: \(again)") }
    guard json["sha256"].text == Self.hash(of: .object(unsigned)) else {
      throw DeskError("the plan was changed after it was made: \(again)")
    }
    self.init(action, by: Warrant(actor: actor, reason: json["reason"].text), at: createdAt)
    for entry in json["letters"].array {
      guard let queue = entry["queue"].text.flatMap({ Queue(rawValue: $0) }), let id = entry["id"].text,
        let generation = entry["generation"].integer, let digest = entry["digest"].text
      else { throw DeskError("the plan names a letter that can't be read: \(again)") }
      let key = LetterKey(
        queue: queue, id: id, generation: Int(generation), deadAt: entry["dead_at"].timestamp)
      letters[key] = digest
    }
  }
}

/// What has become of a plan's letters since it was made.
package struct PlanState: Sendable, Equatable {
  /// As they were.
  package var unchanged = 0
  /// The planned deed is done already, by this plan or otherwise, or was begun and is finished by `apply`.
  package var done = 0
  /// Gone, not what they were, or dealt with in another way.
  package var changed: [LetterKey] = []

  /// Counts one of the plan's letters: `lies` when it is in its dead queue as it was, `noted` is what the record says.
  mutating func add(_ key: LetterKey, lies: Bool, noted: Intents.Noted?, planned: Deed) {
    switch noted {
    case .done(planned): done += 1
    case .intended(planned) where lies: done += 1
    case nil where lies: unchanged += 1
    default: changed.append(key)
    }
  }
}
