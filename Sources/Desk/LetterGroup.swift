package import Events
package import JSON
package import Time
package import Topology

/// Dead letters that failed in the same way.
package struct LetterGroup: Sendable, Equatable {
  package var fingerprint: String
  package var errorClass: String
  package var count = 0
  package var queues: Set<Queue> = []
  package var types: Set<String> = []
  /// One of the errors, as an example.
  package var error: String
  package var firstSeen: Timestamp?
  package var lastSeen: Timestamp?
  /// The versions of Crossdock that gave up on them.
  package var builds: Set<String> = []
  /// Of how many letters the order has a newer state by now.
  package var superseded = 0
  /// How many different orders are touched.
  package var orders: Int { knownOrders.count }
  /// What those orders are worth together, by currency.
  package private(set) var money: [String: Money] = [:]
  /// Hashes, since there may be very many.
  private var knownOrders: Set<Int> = []

  package init(_ letter: DeadLetter) {
    fingerprint = letter.fingerprint
    errorClass = letter.errorClass
    error = letter.error
  }

  package mutating func add(_ letter: DeadLetter, isSuperseded: Bool = false) {
    count += 1
    queues.insert(letter.queue)
    if let type = letter.type { types.insert(type) }
    if let build = letter.build { builds.insert(build) }
    if isSuperseded { superseded += 1 }
    firstSeen = [firstSeen, letter.firstFailedAt ?? letter.deadAt].compactMap { $0 }.min()
    lastSeen = [lastSeen, letter.deadAt].compactMap { $0 }.max()
    if let subject = letter.subject { add(subject) }
  }

  private mutating func add(_ subject: LetterSubject) {
    guard let order = subject.orderID else { return }
    guard knownOrders.insert([subject.connectionID ?? "", order].hashValue).inserted else { return }
    guard let total = subject.total, let currency = subject.currency else { return }
    money[currency] = (money[currency] ?? .zero) + total
  }

  package var json: JSON {
    [
      "fingerprint": .string(fingerprint), "error_class": .string(errorClass), "count": .integer(count),
      "queues": .array(queues.map(\.rawValue).sorted().map { .string($0) }),
      "types": .array(types.sorted().map { .string($0) }), "error": .string(error),
      "first_seen": .time(firstSeen), "last_seen": .time(lastSeen),
      "builds": .array(builds.sorted().map { .string($0) }), "superseded": .integer(superseded),
      "orders": .integer(orders), "money": .object(money.mapValues { .string($0.text) }),
    ]
  }
}

/// Groups under way; a pure value.
package struct LetterGroups: Sendable {
  private var groups: [String: LetterGroup] = [:]

  package init() {}

  package mutating func add(_ letter: DeadLetter, isSuperseded: Bool = false) {
    groups[letter.fingerprint, default: LetterGroup(letter)].add(letter, isSuperseded: isSuperseded)
  }

  /// The largest first.
  package var sorted: [LetterGroup] {
    groups.values.sorted { ($1.count, $0.fingerprint) < ($0.count, $1.fingerprint) }
  }
}
