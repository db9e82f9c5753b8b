import JSON
import Time

/// Takes the fields of an event from its JSON, and says in a sentence what is wrong with one. Null is absent.
struct EventReader {
  var json: JSONReader

  /// Longest id or SKU, in bytes; beyond about 2,700 a Postgres index refuses it.
  static let longestIdentifier = 512
  /// Quantities beyond it are a mistake, and their sums would overflow an `int` column.
  static let quantities: ClosedRange<Int64> = -1_000_000_000...1_000_000_000

  init(_ body: UnsafeRawBufferPointer) {
    json = JSONReader(body)
  }

  /// Begins an object; false when there is null instead.
  mutating func object(_ field: StaticString) throws(EventError) -> Bool {
    do {
      if try json.null() { return false }
      try json.beginObject()
      return true
    } catch { throw failure(field, error) }
  }

  mutating func key() throws(EventError) -> JSONSlice? {
    do { return try json.nextKey() } catch { throw EventError(error.description) }
  }

  /// Begins an array; false when there is null instead.
  mutating func array(_ field: StaticString) throws(EventError) -> Bool {
    do {
      if try json.null() { return false }
      try json.beginArray()
      return true
    } catch { throw failure(field, error) }
  }

  mutating func element() throws(EventError) -> Bool {
    do { return try json.nextElement() } catch { throw EventError(error.description) }
  }

  mutating func skip() throws(EventError) {
    do { try json.skipValue() } catch { throw EventError(error.description) }
  }

  /// A string, or a number as written; nil when empty.
  mutating func text(_ field: StaticString) throws(EventError) -> String? {
    do {
      if try json.null() { return nil }
      let slice = try json.written()
      return slice.count == 0 ? nil : slice.string
    } catch { throw failure(field, error) }
  }

  /// A text that is short enough for an index.
  mutating func identifier(_ field: StaticString) throws(EventError) -> String? {
    let text = try text(field)
    if let text, text.utf8.count > Self.longestIdentifier {
      throw EventError("\(field) is longer than \(Self.longestIdentifier) bytes")
    }
    return text
  }

  mutating func slice(_ field: StaticString) throws(EventError) -> JSONSlice? {
    do { return try json.null() ? nil : try json.slice() } catch { throw failure(field, error) }
  }

  mutating func timestamp(_ field: StaticString) throws(EventError) -> Timestamp? {
    do { return try json.null() ? nil : try json.timestamp() } catch { throw failure(field, error) }
  }

  mutating func bool(_ field: StaticString) throws(EventError) -> Bool? {
    do { return try json.null() ? nil : try json.bool() } catch { throw failure(field, error) }
  }

  mutating func integer(_ field: StaticString) throws(EventError) -> Int64? {
    do { return try json.null() ? nil : try json.integer() } catch { throw failure(field, error) }
  }

  mutating func quantity(_ field: StaticString) throws(EventError) -> Int? {
    guard let value = try integer(field) else { return nil }
    guard Self.quantities.contains(value) else {
      let limit = "is beyond ±\(Self.quantities.upperBound)"
      throw EventError("\(field) \(value) \(limit)", mistake: "\(field) \(limit)")
    }
    return Int(value)
  }

  mutating func money(_ field: StaticString) throws(EventError) -> Money? {
    let offset: Int
    do {
      if try json.null() { return nil }
      offset = json.offset
      let slice = try json.written()
      if let money = slice.plainBytes.flatMap({ Money(utf8: $0) }) { return money }
    } catch { throw failure(field, error) }
    throw failure(field, JSONError(.mismatch("a decimal"), at: offset))
  }

  mutating func tree(_ field: StaticString) throws(EventError) -> JSON {
    do { return try json.value() } catch { throw failure(field, error) }
  }

  /// The sentence for what a field holds instead; what is no JSON at all is said without the field.
  private func failure(_ field: StaticString, _ error: JSONError) -> EventError {
    guard case .mismatch(let what) = error.reason else { return EventError(error.description) }
    let found = json.excerpt(at: error.offset).map { " " + $0 } ?? ""
    return EventError("\(field)\(found) is not \(what)", mistake: "\(field) is not \(what)")
  }
}
