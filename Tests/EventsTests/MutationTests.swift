import Events
import JSON
import Testing

/// SplitMix64: the same seed gives the same numbers, so that a failure can be run again.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

@Suite struct MutationTests {
  @Test func `no prefix of an event is an event`() {
    let bytes = Array(Bodies.orderText.utf8)
    for length in 0..<bytes.count {
      #expect(refusal(Array(bytes[..<length])) != nil)
    }
  }

  @Test func `a hundred thousand damaged events never trap, and what is taken survives being written`() throws
  {
    let seed = UInt64.random(in: .min ... .max)
    print("MutationTests: seed \(seed)")
    var random = SeededGenerator(state: seed)
    let originals = [Bodies.orderText] + Self.others
    var taken = 0
    for _ in 0..<100_000 {
      var bytes = Array(originals[.random(in: 0..<originals.count, using: &random)].utf8)
      for _ in 0..<Int.random(in: 1...4, using: &random) { Self.damage(&bytes, using: &random) }
      guard let event = try? Event.decode(bytes) else {
        #expect(refusal(bytes)?.isEmpty == false)
        continue
      }
      taken += 1
      if let order = event.order {
        #expect(order.contentDigest.count == 6)
        _ = (order.contentHash, order.lines?.map(\.fullPrice))
      }
      guard try Event.decode(event.encode()) == event else {
        Issue.record("seed \(seed): \(String(decoding: bytes, as: UTF8.self))")
        return
      }
    }
    #expect(taken > 1000)
  }

  private static let others = [
    Bodies.event(
      .inventoryUpdated, ["inventory": ["listingId": "1", "quantity": 3, "asOf": "2026-01-01T00:00:00Z"]]),
    Bodies.event(
      .productCreated, ["product": ["externalId": "1", "variants": [["externalId": "2", "price": "1.5"]]]]),
    Bodies.event(.offerUpdated, ["offer": ["externalId": "1", "price": "1.50", "currency": "EUR"]]),
    Bodies.event(.stockTopup, ["topup": ["sku": "1", "quantity": 4]]),
    Bodies.event(.stockChanged, ["stock": ["sku": "1", "onHand": 4]]),
    Bodies.event(
      .disputeInitiated, ["dispute": ["externalId": "1", "orderId": "2"], "order": ["externalId": "2"]]),
  ].map(\.description)

  /// Pieces that parsers stumble over.
  private static let pieces: [[UInt8]] =
    [
      "\"", "\\", "\\u0000", "\\ud800", "{", "}", "[", "]", ",", ":", "null", "true", "-", "0", "1e999", ".",
      "e",
      "9223372036854775808", "-9223372036854775808", "\u{0}", "é", "2026-01-01T12:00:00Z", " ", "\n",
    ].map { Array($0.utf8) } + [[0xFF], [0xC3], [0xF0, 0x9F]]

  private static func damage(_ bytes: inout [UInt8], using random: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: 0..<bytes.count, using: &random)
    let end = min(bytes.count, place + .random(in: 1...20, using: &random))
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes[place] = .random(in: .min ... .max, using: &random)
    case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 2: bytes.removeSubrange(place..<end)
    case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 4: bytes.insert(contentsOf: pieces[.random(in: 0..<pieces.count, using: &random)], at: place)
    default:
      let piece = pieces[.random(in: 0..<pieces.count, using: &random)]
      bytes.replaceSubrange(place..<min(bytes.count, place + piece.count), with: piece)
    }
  }
}
