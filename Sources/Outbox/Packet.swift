package import Events
package import Time

/// The messages of one transaction as the outbox stores them: one row, so that a transaction with a thousand events
/// costs Postgres one insert.
///
/// Each message is a record of little-endian, length-prefixed fields: route kind, route key, seconds, message id,
/// type, time (µs since 1970), content type, body.
package enum Packet {
  /// A packet is closed before it grows past this, so that the relay's memory stays bounded.
  package static let limit = 4 * 1024 * 1024

  /// The messages as few packets as the limit allows, in order.
  package static func packets(of messages: [OutboundMessage]) -> [(count: Int, bytes: [UInt8])] {
    split(messages, write: append)
  }

  /// The events as few packets as the limit allows, in order; their JSON is written where it stays.
  package static func packets(of events: [Event]) -> [(count: Int, bytes: [UInt8])] {
    split(events, write: append)
  }

  private static func split<Message>(
    _ messages: [Message], write: (Message, inout [UInt8]) -> Void
  ) -> [(count: Int, bytes: [UInt8])] {
    var packets: [(count: Int, bytes: [UInt8])] = []
    var bytes: [UInt8] = []
    var count = 0
    for message in messages {
      let start = bytes.count
      write(message, &bytes)
      if count > 0 && bytes.count > limit {
        packets.append((count, Array(bytes[..<start])))
        bytes.removeSubrange(..<start)
        count = 0
      }
      count += 1
    }
    if count > 0 { packets.append((count, bytes)) }
    return packets
  }

  private static func append(_ message: OutboundMessage, to bytes: inout [UInt8]) {
    switch message.route {
    case .event(let key): appendRoute(0, key, 0, to: &bytes)
    case .job(let queue): appendRoute(1, queue, 0, to: &bytes)
    case .delayedJob(let queue, let seconds): appendRoute(2, queue, seconds, to: &bytes)
    }
    appendProperties(message.messageId, message.type, message.time, message.contentType, to: &bytes)
    append(message.body, to: &bytes)
  }

  /// The same as the message of the event.
  private static func append(_ event: Event, to bytes: inout [UInt8]) {
    appendRoute(0, event.routingKey, 0, to: &bytes)
    appendProperties(event.id, event.type.rawValue, event.time, Event.contentType, to: &bytes)
    let length = bytes.count
    append(UInt32(0), to: &bytes)
    event.encode(into: &bytes)
    let count = UInt32(truncatingIfNeeded: bytes.count - length - 4)
    for place in 0..<4 { bytes[length + place] = UInt8(truncatingIfNeeded: count >> (8 * place)) }
  }

  private static func appendProperties(
    _ id: String, _ type: String, _ time: Timestamp, _ contentType: String, to bytes: inout [UInt8]
  ) {
    append(id, to: &bytes)
    append(type, to: &bytes)
    append(UInt64(bitPattern: time.microseconds), to: &bytes)
    append(contentType, to: &bytes)
  }

  private static func appendRoute(_ kind: UInt8, _ key: String, _ seconds: Int, to bytes: inout [UInt8]) {
    bytes.append(kind)
    append(key, to: &bytes)
    append(UInt64(bitPattern: Int64(seconds)), to: &bytes)
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    text.withUTF8 { utf8 in
      append(UInt32(truncatingIfNeeded: utf8.count), to: &bytes)
      bytes.append(contentsOf: utf8)
    }
  }

  private static func append(_ field: [UInt8], to bytes: inout [UInt8]) {
    append(UInt32(truncatingIfNeeded: field.count), to: &bytes)
    bytes.append(contentsOf: field)
  }

  private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  /// What can be said of a message without its body.
  package struct Stub: Sendable, Equatable {
    package var route: OutboundMessage.Route
    package var messageId: String
    package var time: Timestamp
  }

  /// The messages of a packet without their bodies, for whoever only counts.
  package static func stubs(in bytes: [UInt8]) throws(PacketError) -> [Stub] {
    var reader = PacketReader(bytes: bytes)
    var stubs: [Stub] = []
    while !reader.isAtEnd {
      let head = try reader.head()
      _ = try reader.field()
      _ = try reader.field()
      stubs.append(head.stub)
    }
    return stubs
  }

  /// The messages of a packet; throws when the bytes are not one.
  package static func messages(in bytes: [UInt8]) throws(PacketError) -> [OutboundMessage] {
    var reader = PacketReader(bytes: bytes)
    var messages: [OutboundMessage] = []
    while !reader.isAtEnd { messages.append(try reader.message()) }
    return messages
  }
}

/// The bytes of an outbox row are not a packet: a newer version wrote them, or they are damaged.
package struct PacketError: Error, CustomStringConvertible {
  package let offset: Int
  package var description: String {
    "an outbox row can't be read at byte \(offset): it was written by another version"
  }
}

private struct PacketReader {
  let bytes: [UInt8]
  var offset = 0

  var isAtEnd: Bool { offset >= bytes.count }

  mutating func message() throws(PacketError) -> OutboundMessage {
    let (stub, type) = try head()
    let contentType = try text()
    return OutboundMessage(
      route: stub.route, messageId: stub.messageId, type: type, time: stub.time, contentType: contentType,
      body: Array(try field()))
  }

  /// All before the content type.
  mutating func head() throws(PacketError) -> (stub: Packet.Stub, type: String) {
    let kind = try byte()
    let key = try text()
    let seconds = Int(Int64(bitPattern: try word()))
    let route: OutboundMessage.Route
    switch kind {
    case 0: route = .event(key: key)
    case 1: route = .job(queue: key)
    case 2: route = .delayedJob(queue: key, seconds: seconds)
    default: throw PacketError(offset: offset)
    }
    let id = try text()
    let type = try text()
    let time = Timestamp(microseconds: Int64(bitPattern: try word()))
    return (Packet.Stub(route: route, messageId: id, time: time), type)
  }

  private mutating func byte() throws(PacketError) -> UInt8 {
    guard offset < bytes.count else { throw PacketError(offset: offset) }
    defer { offset += 1 }
    return bytes[offset]
  }

  private mutating func word() throws(PacketError) -> UInt64 { try number(bytes: 8) }

  private mutating func number(bytes count: Int) throws(PacketError) -> UInt64 {
    guard bytes.count - offset >= count else { throw PacketError(offset: offset) }
    var value: UInt64 = 0
    for index in 0..<count { value |= UInt64(bytes[offset + index]) << (8 * UInt64(index)) }
    offset += count
    return value
  }

  mutating func field() throws(PacketError) -> ArraySlice<UInt8> {
    let count = Int(try number(bytes: 4))
    guard bytes.count - offset >= count else { throw PacketError(offset: offset) }
    defer { offset += count }
    return bytes[offset..<(offset + count)]
  }

  private mutating func text() throws(PacketError) -> String { String(decoding: try field(), as: UTF8.self) }
}
