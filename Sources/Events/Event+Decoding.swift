import JSON
import Time

extension Event {
  /// Largest body, in bytes.
  package static let largestBody = 1_048_576
  /// Longest id, in bytes.
  package static let longestId = 512

  /// Reads an event from its CloudEvents JSON. Keys may come in any order, unknown ones are ignored.
  package static func decode(_ body: UnsafeRawBufferPointer) throws(EventError) -> Event {
    guard body.count <= largestBody else {
      throw EventError("the body has \(body.count) bytes, more than \(largestBody)")
    }
    var envelope = Envelope(EventReader(body))
    return try envelope.decode()
  }

  /// Reads an event from its CloudEvents JSON.
  package static func decode(_ body: [UInt8]) throws(EventError) -> Event {
    try body.withUnsafeBufferPointer { bytes throws(EventError) in
      try decode(UnsafeRawBufferPointer(bytes))
    }
  }
}

/// The outer members of an event while it is being read.
private struct Envelope {
  private var reader: EventReader
  private var isVersionRight = false
  private var id: String?
  private var source: String?
  private var type: EventType?
  private var subject: String?
  private var time: Timestamp?
  /// Where `data` begins: it is read when the type is known, and once more if that comes later.
  private var dataOffset: Int?
  private var data = EventData()

  init(_ reader: EventReader) {
    self.reader = reader
  }

  mutating func decode() throws(EventError) -> Event {
    try readMembers()
    guard isVersionRight else { throw EventError("specversion is not \"1.0\"") }
    guard let id, !id.isEmpty else { throw EventError("id is missing or empty") }
    guard id.utf8.count <= Event.longestId else {
      throw EventError("id is longer than \(Event.longestId) bytes")
    }
    guard let type else { throw EventError("type is missing") }
    guard let dataOffset else { throw EventError("data is missing") }
    if data.type != type {
      reader.json.rewind(to: dataOffset)
      try data.read(type, from: &reader)
    }
    guard let connectionId = data.connectionId else {
      throw EventError("data.connectionId is missing")
    }
    let time = time ?? .epoch
    return Event(
      id: id, type: type, time: time, connectionId: connectionId, platform: data.platform,
      marketplaceId: data.marketplaceId, change: data.change, backfill: data.backfill,
      observedAt: data.observedAt, subjectData: try data.payload(at: time), source: source,
      subject: subject ?? "")
  }

  private mutating func readMembers() throws(EventError) {
    guard try reader.object("the event") else { throw EventError("the event null is not an object") }
    while let key = try reader.key() {
      switch key {
      case "specversion": isVersionRight = try reader.slice("specversion").map { $0 == "1.0" } ?? false
      case "id": id = try reader.slice("id")?.string
      case "source": source = try reader.text("source")
      case "type": type = try readType()
      case "subject": subject = try reader.text("subject")
      case "time": time = try reader.timestamp("time")
      case "data": try readData()
      default: try reader.skip()
      }
    }
    do { try reader.json.finish() } catch { throw EventError(error.description) }
  }

  private mutating func readType() throws(EventError) -> EventType? {
    guard let name = try reader.slice("type") else { return nil }
    guard let type = EventType(name) else {
      throw EventError("unknown type '\(name.string.prefix(40))'", mistake: "unknown type")
    }
    return type
  }

  private mutating func readData() throws(EventError) {
    dataOffset = reader.json.offset
    if let type { try data.read(type, from: &reader) } else { try reader.skip() }
  }
}
