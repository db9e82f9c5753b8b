import JSON
import Time

/// The members of an event's `data` while it is being read for one type.
struct EventData {
  /// The type it was last read for.
  private(set) var type: EventType?
  private(set) var connectionId: String?
  private(set) var platform = "unknown"
  private(set) var marketplaceId: Int?
  private(set) var change: String?
  private(set) var backfill = false
  private(set) var observedAt: Timestamp?
  private var payload: Event.Payload?
  private var dispute: Dispute?
  /// Of a dispute.
  private var order: Order?
  private var inventory: InventoryDraft?

  /// Reads `data` for an event of that type; what was read before is forgotten.
  mutating func read(_ type: EventType, from reader: inout EventReader) throws(EventError) {
    self = EventData()
    self.type = type
    guard try reader.object("data") else { throw EventError("data is missing") }
    while let key = try reader.key() {
      switch key {
      case "connectionId": connectionId = try Self.connectionId(from: &reader)
      case "platform": platform = try Self.platform(from: &reader)
      case "marketplaceId": marketplaceId = try reader.quantity("marketplaceId")
      case "change": change = try reader.text("change")
      case "backfill": backfill = try reader.bool("backfill") ?? false
      case "observedAt": observedAt = try reader.timestamp("observedAt")
      default: try readSubject(type.subjectKind, key, from: &reader)
      }
    }
  }

  /// What the event is about; a snapshot without a moment of its own was true when the event happened.
  func payload(at time: Timestamp) throws(EventError) -> Event.Payload {
    guard let kind = type?.subjectKind else { throw EventError("data is missing") }
    let payload: Event.Payload? =
      switch kind {
      case .dispute: dispute.map { .dispute($0, order) }
      case .inventory: inventory.map { .inventory($0.inventory(at: time)) }
      case .order, .offer, .product, .topup, .stock: payload
      }
    guard let payload else { throw EventError("data.\(kind.rawValue) is missing") }
    return payload
  }

  private mutating func readSubject(
    _ kind: EventType.SubjectKind, _ key: JSONSlice, from reader: inout EventReader
  ) throws(EventError) {
    switch (kind, key) {
    case (.order, "order"): payload = try Order.read(from: &reader).map { .order($0) }
    case (.dispute, "order"): order = try Order.read(from: &reader)
    case (.dispute, "dispute"): dispute = try Dispute(from: &reader)
    case (.inventory, "inventory"): inventory = try InventoryDraft(from: &reader)
    case (.offer, "offer"): payload = try Offer(from: &reader).map { .offer($0) }
    case (.product, "product"): payload = try Product(from: &reader).map { .product($0) }
    case (.topup, "topup"): payload = try Topup(from: &reader).map { .topup($0) }
    case (.stock, "stock"): payload = try Stock(from: &reader).map { .stock($0) }
    default: try reader.skip()
    }
  }

  /// A UUID, in lower case.
  private static func connectionId(from reader: inout EventReader) throws(EventError) -> String? {
    guard let slice = try reader.slice("data.connectionId") else { return nil }
    guard let bytes = slice.plainBytes, bytes.count == 36 else { throw noUUID(slice) }
    var isLowerCase = true
    for (index, byte) in bytes.enumerated() {
      switch (byte, index) {
      case (UInt8(ascii: "-"), 8), (UInt8(ascii: "-"), 13), (UInt8(ascii: "-"), 18), (UInt8(ascii: "-"), 23):
        continue
      case (_, 8), (_, 13), (_, 18), (_, 23): throw noUUID(slice)
      case (UInt8(ascii: "0")...UInt8(ascii: "9"), _), (UInt8(ascii: "a")...UInt8(ascii: "f"), _): continue
      case (UInt8(ascii: "A")...UInt8(ascii: "F"), _): isLowerCase = false
      default: throw noUUID(slice)
      }
    }
    return isLowerCase ? slice.string : slice.string.lowercased()
  }

  private static func noUUID(_ slice: JSONSlice) -> EventError {
    EventError(
      "data.connectionId '\(slice.string.prefix(40))' is not a UUID",
      mistake: "data.connectionId is not a UUID")
  }

  /// A word that can stand in a routing key.
  private static func platform(from reader: inout EventReader) throws(EventError) -> String {
    guard let platform = try reader.text("data.platform") else { return "unknown" }
    let isWord = platform.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isWord, platform.utf8.count <= 64 else {
      throw EventError(
        "data.platform '\(platform.prefix(40))' is not one word", mistake: "data.platform is not one word")
    }
    return platform
  }
}
