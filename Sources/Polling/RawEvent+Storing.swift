import Crypto
package import JSON
import Marketplaces

extension RawEvent {
  /// The id under which it is stored: the platform's own where it can be an index key, else one made of the content.
  var storedId: String {
    if !id.isEmpty, id.utf8.count <= 500 { return id }
    let digest = SHA256.hash(data: payload.bytes).prefix(16)
    return "unnamed/" + digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}

extension JSON {
  /// The same with numbers as text where `jsonb` can't hold them, so that one absurd number doesn't stop a feed.
  package var storable: JSON {
    switch self {
    case .number(let text):
      text.utf8.count > 60 || text.utf8.contains { $0 | 0x20 == UInt8(ascii: "e") } ? .string(text) : self
    case .array(let elements): .array(elements.map(\.storable))
    case .object(let members): .object(members.mapValues(\.storable))
    case .null, .bool, .string: self
    }
  }
}
