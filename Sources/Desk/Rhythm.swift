/// How fast letters go back. A pure value.
package struct Rhythm: Sendable, Equatable {
  /// In growing steps, each of which must have gone well before the next.
  package var ramps: Bool
  /// At most this many a second.
  package var rate: Int?

  package init(ramps: Bool = false, rate: Int? = nil) {
    self.ramps = ramps
    self.rate = rate
  }

  /// How many letters the step may bring back: 1, 2, 5, 20, 50, 200, 500, … when it ramps, else all at once.
  package func size(ofStep step: Int) -> Int {
    guard ramps else { return .max }
    guard step > 1 else { return step == 0 ? 1 : 2 }
    var size = 5
    for round in 2..<max(step, 2) where size < 100_000 {
      size = round.isMultiple(of: 2) ? size * 4 : size / 2 * 5
    }
    return size
  }

  /// How many may go at once, of those that the step still has.
  package func portion(of rest: Int) -> Int { min(rest, rate ?? rest) }

  /// How long so many take at least.
  package func time(for count: Int) -> Duration {
    rate.map { .milliseconds(Int64(count) * 1_000 / Int64($0)) } ?? .zero
  }
}

/// What has become of the letters of one step. A pure value.
package struct StepOutcome: Sendable, Equatable {
  /// Not heard of since, with the fingerprints by which they had died.
  package private(set) var pending: [LetterKey: String]
  package private(set) var passed = 0
  /// Died again in the same way: the cause is not mended.
  package private(set) var recurred: [String] = []
  /// Died again in another way.
  package private(set) var diedOtherwise = 0

  package init(_ letters: [LetterKey: String]) { pending = letters }

  package mutating func note(passed keys: some Sequence<LetterKey>) {
    for key in keys where pending.removeValue(forKey: key) != nil { passed += 1 }
  }

  /// Takes notice of a dead letter; others than the step's are of no concern.
  package mutating func note(dead letter: LetterKey, fingerprint: String) {
    let key = pending.keys.first {
      $0.queue == letter.queue && $0.id == letter.id && letter.generation > $0.generation
    }
    guard let key, let before = pending.removeValue(forKey: key) else { return }
    if before == fingerprint { recurred.append(fingerprint) } else { diedOtherwise += 1 }
  }
}
