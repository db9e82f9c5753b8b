/// How the messages of one case come to a consumer: in which order, which of them more than once, and in which batches.
package struct Arrivals: Hashable, Sendable, CustomStringConvertible {
  private struct Arrival: Hashable, Sendable {
    var message: Int
    var batch: Int
  }

  private var arrivals: [Arrival]

  /// All of so many messages, a third of them twice, in batches of one up to `batch`.
  package init(of count: Int, batch: Int, using random: inout SplitMix) {
    let twice = (0..<count).filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
    var (number, room) = (0, Int.random(in: 1...batch, using: &random))
    arrivals = (Array(0..<count) + twice).shuffled(using: &random).map { message in
      if room == 0 { (number, room) = (number + 1, .random(in: 1...batch, using: &random)) }
      room -= 1
      return Arrival(message: message, batch: number)
    }
  }

  private init(_ arrivals: [Arrival]) { self.arrivals = arrivals }

  /// The messages of each batch, none twice in one.
  package var batches: [[Int]] {
    var batches: [[Int]] = []
    var last: Int?
    for arrival in arrivals {
      if arrival.batch != last { batches.append([]) }
      last = arrival.batch
      if !batches[batches.count - 1].contains(arrival.message) {
        batches[batches.count - 1].append(arrival.message)
      }
    }
    return batches
  }

  /// Those that come at all.
  package var messages: Set<Int> { Set(arrivals.map(\.message)) }

  package var description: String {
    batches.map { $0.map(String.init).joined(separator: " ") }.joined(separator: " | ")
  }

  /// Runs cases until one fails. Answers what is wrong with the smallest arrivals that still fail, and the seed by
  /// which the case can be made again; nil when all are well.
  ///
  /// `make`: the arrivals of a case. `failure`: what is wrong when a case's messages come so, if anything; each time it
  /// is asked it starts with nothing.
  package static func smallestFailure(
    of cases: Int, seed: UInt64, make: (UInt64) throws -> Arrivals,
    failure: (UInt64, Arrivals) throws -> String?
  ) rethrows -> String? {
    for number in 0..<UInt64(cases) {
      let seed = seed &+ number
      let arrivals = try make(seed)
      guard let first = try failure(seed, arrivals) else { continue }
      let smallest = Arrivals(
        try Fuzz.shrunk(arrivals.arrivals) { try failure(seed, Arrivals($0)) != nil })
      // What depends on chance may be right the next time.
      let wrong = try failure(seed, smallest) ?? "\(first) at first, and not again"
      return "\(wrong); seed \(seed), messages that came: \(smallest)"
    }
    return nil
  }
}
