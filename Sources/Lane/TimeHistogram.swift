/// Counts of messages by how long something took, in buckets that double from 1 ms to 32 s; the last one is open.
package struct TimeHistogram: Sendable, Equatable {
  package static let buckets = 17
  package private(set) var counts: [Int]

  /// Counts of another number of buckets, as another version may have written them, count as none.
  package init(_ counts: [Int] = []) {
    self.counts = counts.count == Self.buckets ? counts : [Int](repeating: 0, count: Self.buckets)
  }

  package mutating func add(_ duration: Duration, times count: Int = 1) {
    var bucket = 0
    var bound = Duration.milliseconds(1)
    while duration > bound && bucket < Self.buckets - 1 {
      bucket += 1
      bound = bound * 2
    }
    counts[bucket] += count
  }

  package mutating func add(_ other: TimeHistogram) {
    for bucket in counts.indices { counts[bucket] += other.counts[bucket] }
  }

  /// Seconds within which that share of the messages was done, to within its bucket; nil when there are none.
  package func percentile(_ share: Double) -> Double? {
    let total = counts.reduce(0, +)
    guard total > 0 else { return nil }
    let rank = share * Double(total)
    var below = 0.0
    for (bucket, count) in counts.enumerated() where count > 0 {
      let here = Double(count)
      if below + here >= rank {
        let upper = Double(1 << bucket) / 1_000
        let lower = bucket == 0 ? 0 : upper / 2
        return lower + (upper - lower) * max(0, rank - below) / here
      }
      below += here
    }
    return nil
  }
}
