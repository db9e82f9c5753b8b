import Glibc

/// A seeded source of chance (SplitMix64): the same seed gives the same market.
struct Dice: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// At least 0, below 1.
  mutating func fraction() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  mutating func chance(_ probability: Double) -> Bool {
    fraction() < probability
  }

  mutating func between(_ low: Int, _ high: Int) -> Int {
    Int.random(in: low...max(low, high), using: &self)
  }

  /// Evenly spread between two numbers of seconds.
  mutating func seconds(_ low: Double, _ high: Double) -> Duration {
    .microseconds(Int64((low + (high - low) * fraction()) * 1_000_000))
  }

  /// The time to the next of events that come at random, so many a second.
  mutating func gap(perSecond rate: Double) -> Duration {
    .microseconds(Int64(min(1e15, -log(1 - fraction()) / rate * 1_000_000)))
  }

  mutating func identifier() -> Identifier {
    Identifier(high: next(), low: next())
  }
}
