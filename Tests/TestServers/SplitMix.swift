import Foundation

/// A small generator that a seed repeats (SplitMix64).
package struct SplitMix: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }

  package mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

  /// The seed of this run of the tests: `CROSSDOCK_TEST_SEED`, or always the same, so that a gate is not red by chance;
  /// `CROSSDOCK_TEST_SEED=random` draws another. Printed, so that a failure can be repeated even when it ended the process.
  package static let seedOfThisRun: UInt64 = {
    let given = ProcessInfo.processInfo.environment["CROSSDOCK_TEST_SEED"] ?? ""
    let seed = given == "random" ? UInt64.random(in: 1...UInt64(UInt32.max)) : UInt64(given) ?? 1
    print("CROSSDOCK_TEST_SEED=\(seed)")
    return seed
  }()
}
