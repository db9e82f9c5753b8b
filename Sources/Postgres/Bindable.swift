package import Time

package import struct Foundation.UUID

/// A value that travels to Postgres as a binary parameter.
package protocol Bindable {
  /// The type's object identifier in the server's catalogue.
  static var oid: UInt32 { get }
  /// The same for an array of this type; 0 where arrays of it are not sent.
  static var arrayOID: UInt32 { get }
  /// Writes the binary form; answers false for NULL, having written nothing.
  func write(to buffer: inout ParameterBuffer) -> Bool
}

extension Bindable {
  package static var arrayOID: UInt32 { 0 }
}

extension Bool: Bindable {
  package static var oid: UInt32 { 16 }
  package static var arrayOID: UInt32 { 1000 }
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(self ? 1 : 0 as UInt8)
    return true
  }
}

extension Int: Bindable {
  package static var oid: UInt32 { 20 }
  package static var arrayOID: UInt32 { 1016 }
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(UInt64(bitPattern: Int64(self)))
    return true
  }
}

extension Int64: Bindable {
  package static var oid: UInt32 { 20 }
  package static var arrayOID: UInt32 { 1016 }
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(UInt64(bitPattern: self))
    return true
  }
}

extension Int32: Bindable {
  package static var oid: UInt32 { 23 }
  package static var arrayOID: UInt32 { 1007 }
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(UInt32(bitPattern: self))
    return true
  }
}

extension Double: Bindable {
  package static var oid: UInt32 { 701 }
  package static var arrayOID: UInt32 { 1022 }
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(bitPattern)
    return true
  }
}

extension String: Bindable {
  package static var oid: UInt32 { 25 }
  package static var arrayOID: UInt32 { 1009 }
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    var text = self
    text.withUTF8 { buffer.append(UnsafeRawBufferPointer($0)) }
    return true
  }
}

extension UUID: Bindable {
  package static var oid: UInt32 { 2950 }
  package static var arrayOID: UInt32 { 2951 }
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    withUnsafeBytes(of: uuid) { buffer.append($0) }
    return true
  }
}

extension Timestamp: Bindable {
  package static var oid: UInt32 { 1184 }
  package static var arrayOID: UInt32 { 1185 }
  /// Postgres counts microseconds from 2000-01-01, we from 1970-01-01.
  static let postgresEpoch: Int64 = 946_684_800_000_000
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(UInt64(bitPattern: microseconds &- Self.postgresEpoch))
    return true
  }
}

/// Text that holds one JSON value, bound as `jsonb`.
package struct JSONText: Bindable {
  package var bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }
  package init(_ text: String) { bytes = Array(text.utf8) }

  package static var oid: UInt32 { 3802 }
  package static var arrayOID: UInt32 { 3807 }
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(1 as UInt8)
    bytes.withUnsafeBytes { buffer.append($0) }
    return true
  }
}

/// Raw bytes, bound as `bytea`.
package struct Bytes: Bindable {
  package var bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  package static var oid: UInt32 { 17 }
  package static var arrayOID: UInt32 { 1001 }
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    bytes.withUnsafeBytes { buffer.append($0) }
    return true
  }
}

extension Optional: Bindable where Wrapped: Bindable {
  package static var oid: UInt32 { Wrapped.oid }
  package static var arrayOID: UInt32 { Wrapped.arrayOID }
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    switch self {
    case .some(let value): value.write(to: &buffer)
    case .none: false
    }
  }
}

extension Array: Bindable where Element: Bindable {
  package static var oid: UInt32 { Element.arrayOID }

  /// One dimension, lower bound 1; NULL elements as length −1 (the server's `array_recv`).
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(isEmpty ? 0 : 1 as UInt32)
    let flag = buffer.reserveInt32()
    buffer.append(Element.oid)
    guard !isEmpty else {
      buffer.set(0, at: flag)
      return true
    }
    buffer.append(UInt32(count))
    buffer.append(1 as UInt32)
    var hasNull = false
    for element in self {
      let length = buffer.reserveInt32()
      let start = buffer.count
      if element.write(to: &buffer) {
        buffer.set(Int32(buffer.count - start), at: length)
      } else {
        buffer.set(-1, at: length)
        hasNull = true
      }
    }
    buffer.set(hasNull ? 1 : 0, at: flag)
    return true
  }
}
