import Crypto
import JSON
import Time

extension Order {
  /// The first six bytes of a SHA-256 over everything the order says. It does not depend on the order of keys or
  /// lines, nor on whether what is missing was null or absent (Rule 4: the last tie-breaker between versions).
  package var contentDigest: [UInt8] {
    var canonical = self
    canonical.shippingAddress = shippingAddress.withoutNulls ?? .null
    var sorted = lines.map { lines in lines.map { line in (line, line.bytes) } }
    sorted?.sort { $0.1.lexicographicallyPrecedes($1.1) }
    canonical.lines = sorted?.map { $0.0 }
    var writer = JSONWriter(capacity: 1024)
    canonical.write(into: &writer)
    return Array(SHA256.hash(data: writer.bytes).prefix(6))
  }

  /// A number for what matters to stock: lines (in any order), status and moment of cancellation. The same in every
  /// process and release, and cheap; equal content has equal numbers, the reverse is only likely.
  package var contentHash: UInt64 {
    var hash = StableHash()
    hash.combine(status.rawValue)
    hash.combine(cancelledAt?.microseconds ?? .min)
    hash.combine(Int64(lines?.count ?? -1))
    var sum: UInt64 = 0
    for line in lines ?? [] { sum &+= line.contentHash }
    hash.combine(Int64(bitPattern: sum))
    return hash.value
  }
}

extension OrderLine {
  fileprivate var bytes: [UInt8] {
    var writer = JSONWriter()
    write(into: &writer)
    return writer.bytes
  }

  fileprivate var contentHash: UInt64 {
    var hash = StableHash()
    hash.combine(externalId)
    hash.combine(listingId)
    hash.combine(sku)
    hash.combine(Int64(quantity))
    hash.combine(Int64(restocked))
    return hash.value
  }
}

extension JSON {
  /// Without members that are null or end up empty; nil when nothing is left.
  fileprivate var withoutNulls: JSON? {
    switch self {
    case .null: nil
    case .object(let members):
      members.compactMapValues(\.withoutNulls).isEmpty
        ? nil : .object(members.compactMapValues(\.withoutNulls))
    case .array(let elements): .array(elements.map { $0.withoutNulls ?? .null })
    default: self
    }
  }
}

/// FNV-1a over bytes with a final mix, since Swift's own hashes differ from process to process.
private struct StableHash {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  mutating func combine(_ text: String?) {
    guard var text else { return combine(byte: 0xFF) }
    text.withUTF8 { for byte in $0 { combine(byte: byte) } }
    // UTF-8 has no such byte: "ab" + "c" and "a" + "bc" differ.
    combine(byte: 0xFE)
  }

  mutating func combine(_ number: Int64) {
    state = (state ^ UInt64(bitPattern: number)) &* 0x9E37_79B9_7F4A_7C15
    state ^= state >> 32
  }

  private mutating func combine(byte: UInt8) {
    state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
  }

  /// Mixed, so that sums of many of them keep their meaning.
  var value: UInt64 {
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
