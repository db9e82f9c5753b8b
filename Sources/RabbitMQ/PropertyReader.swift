/// Finds properties in the encoded header frame of a message (AMQP 0-9-1, section 4.2.6.1).
package struct PropertyReader {
  /// In the order of the wire; the raw value is the place of its flag.
  package enum Property: Int, CaseIterable {
    case contentType = 15
    case contentEncoding = 14
    case headers = 13
    case deliveryMode = 12
    case priority = 11
    case correlationID = 10
    case replyTo = 9
    case expiration = 8
    case messageID = 7
    case timestamp = 6
    case type = 5
    case userID = 4
    case appID = 3
    case clusterID = 2
  }

  let bytes: UnsafeRawBufferPointer

  /// Reads from bytes that outlive it; whatever does not fit reads as absent.
  package init(bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  /// The property's own bytes, without its length; nil when it is absent or the header is malformed.
  package func find(_ wanted: Property) -> UnsafeRawBufferPointer? {
    var reader = FieldReader(bytes)
    guard let flags = reader.integer(UInt16.self), flags & 1 == 0 else { return nil }
    guard flags & (1 << UInt16(wanted.rawValue)) != 0 else { return nil }
    for place in stride(from: 15, through: 2, by: -1) where flags & (1 << UInt16(place)) != 0 {
      guard let property = Property(rawValue: place) else { return nil }
      let value: UnsafeRawBufferPointer? =
        switch property {
        case .headers: reader.long()
        case .deliveryMode, .priority: reader.take(1)
        case .timestamp: reader.take(8)
        default: reader.short()
        }
      if value == nil || property == wanted { return value }
    }
    return nil
  }

  /// A property's text.
  package func text(_ property: Property) -> String? {
    find(property).map { String(decoding: $0, as: UTF8.self) }
  }

  /// A header's value.
  package func header(_ name: String) -> HeaderValue? {
    guard let table = find(.headers) else { return nil }
    var reader = FieldReader(table)
    while let key = reader.short() {
      let isWanted = key.elementsEqual(name.utf8)
      guard let value = reader.value() else { return nil }
      if isWanted { return value }
    }
    return nil
  }

  /// All headers that could be read, in the order of the wire.
  package func headers() -> [(String, HeaderValue)] {
    guard let table = find(.headers) else { return [] }
    var reader = FieldReader(table)
    var headers: [(String, HeaderValue)] = []
    while let key = reader.short(), let value = reader.value() {
      headers.append((String(decoding: key, as: UTF8.self), value))
    }
    return headers
  }
}
