import JSON
import Marketplaces
import Time

/// A page of one of Allegro's event journals, in either dialect, before its events are looked into.
struct EventPage: Equatable {
  var events: [Entry]
  var nextCursor: String?

  struct Entry: Equatable {
    var raw: RawEvent
    /// Nil for a well-formed entry.
    var problem: String?
  }

  /// The name of the cursor parameter.
  static func cursorName(_ dialect: MarketplaceConnection.Dialect) -> String {
    dialect == .live ? "from" : "after"
  }

  /// Reads a page and refuses one that starts at or behind the cursor: the service ignores a cursor parameter that
  /// it doesn't know, and would give the same page for ever.
  init(
    _ json: JSON, after cursor: String?, dialect: MarketplaceConnection.Dialect, observedAt: Timestamp
  ) throws(MarketplaceError) {
    let list = json["offerEvents"].isNull ? json["events"] : json["offerEvents"]
    guard case .array(let entries) = list else {
      throw .malformed("a page of events has neither 'events' nor 'offerEvents'")
    }
    if dialect == .documented, Self.isLive(json, entries) {
      throw .cursorIgnored(
        "the service speaks the live dialect, the connection's is documented: set it to live")
    }
    events = entries.map { Self.entry($0, observedAt: observedAt) }
    if let cursor, Self.repeats(entries.map { $0["id"].text ?? "" }, cursor) {
      let (name, other) = dialect == .live ? ("live", "documented") : ("documented", "live")
      throw .cursorIgnored(
        "the service ignored the cursor parameter '\(Self.cursorName(dialect))'; the connection's dialect is "
          + "\(name): set it to \(other)")
    }
    // The last id of the page, not `lastEventId`: that one has been seen to run ahead of a page that was cut.
    nextCursor = entries.last { $0["id"].text != nil }?["id"].text ?? cursor
  }

  /// Whether a page has what only the live service says. Found out before anything is kept: the first stored event
  /// fixes what its id means.
  private static func isLive(_ json: JSON, _ entries: [JSON]) -> Bool {
    !json["offerEvents"].isNull
      || entries.contains { !$0["order"]["checkoutForm"]["id"].isNull && $0["order"]["id"].isNull }
  }

  private static func entry(_ json: JSON, observedAt: Timestamp) -> Entry {
    let raw = RawEvent(
      id: json["id"].text ?? "", type: json["type"].text ?? "",
      occurredAt: json["occurredAt"].timestamp ?? observedAt, payload: json)
    let problem = raw.id.isEmpty ? "the event has no id" : nil
    return Entry(raw: raw, problem: json["occurredAt"].timestamp == nil ? "the event has no time" : problem)
  }

  private static func repeats(_ ids: [String], _ cursor: String) -> Bool {
    if ids.contains(cursor) { return true }
    guard let first = ids.first.flatMap(position), let sent = position(cursor) else { return false }
    return first <= sent
  }

  /// The place of an id in the journal: unpadded base64 of a number (live), or a number at the id's end.
  static func position(_ id: String) -> UInt64? {
    if let digits = decodedBase64(id), digits.count >= 8, let number = UInt64(digits) { return number }
    let digits = id.utf8.reversed().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    return UInt64(String(decoding: digits.reversed(), as: UTF8.self))
  }

  private static func decodedBase64(_ text: String) -> String? {
    var bits: UInt32 = 0
    var count = 0
    var bytes: [UInt8] = []
    for letter in text.utf8 {
      guard let value = base64Alphabet.firstIndex(of: letter) else { return nil }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static let base64Alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
}
