/// Damage to bytes, and the way back from a failing input to a small one.
package enum Fuzz {
  /// Pieces that parsers stumble over.
  private static let pieces: [[UInt8]] =
    [
      "\"", "\\", "\\u0000", "\\ud800", "{", "}", "[", "]", ",", ":", "null", "true", "-", "0", "1e999", ".",
      "e",
      "9223372036854775808", "-9223372036854775808", "\u{0}", "é", "2026-01-01T12:00:00Z", " ", "\n",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xF0, 0x9F]]

  /// Changes a few bytes: flips, cuts, repeats, inserts.
  package static func damage(_ bytes: inout [UInt8], using random: inout SplitMix) {
    for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(bytes.count, place + .random(in: 1...20, using: &random))
      let piece = pieces[.random(in: 0..<pieces.count, using: &random)]
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes[place] = .random(in: .min ... .max, using: &random)
      case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4: bytes.insert(contentsOf: piece, at: place)
      default: bytes.replaceSubrange(place..<min(bytes.count, place + piece.count), with: piece)
      }
    }
  }

  /// The smallest input that still fails, as far as leaving out runs of its elements leads: halves first, then less.
  package static func shrunk<Element>(
    _ input: [Element], while fails: ([Element]) throws -> Bool
  ) rethrows -> [Element] {
    var smallest = input
    var length = max(1, smallest.count / 2)
    while length > 0 {
      var start = 0
      var hasShrunk = false
      while start < smallest.count {
        var shorter = smallest
        shorter.removeSubrange(start..<min(start + length, shorter.count))
        if try fails(shorter) {
          smallest = shorter
          hasShrunk = true
        } else {
          start += length
        }
      }
      if !hasShrunk || length > 1 { length /= 2 }
    }
    return smallest
  }

  /// Damages `originals` again and again for `time` and gives each result to `fails`. Answers the first failing
  /// input, shrunk, and how many were tried.
  package static func search(
    _ originals: [[UInt8]], seed: UInt64, for time: Duration, fails: ([UInt8]) -> Bool
  ) -> (failure: [UInt8]?, tried: Int) {
    var random = SplitMix(seed: seed)
    let end = ContinuousClock.now + time
    var tried = 0
    while .now < end {
      // The clock is looked at now and then only.
      for _ in 0..<100 {
        var bytes = originals[.random(in: 0..<originals.count, using: &random)]
        damage(&bytes, using: &random)
        tried += 1
        if fails(bytes) { return (shrunk(bytes, while: fails), tried) }
      }
    }
    return (nil, tried)
  }
}
