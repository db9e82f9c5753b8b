package import Time

package import struct Foundation.UUID

/// A value that travels to Postgres as a binary parameter.
@usableFromInline
package protocol Bindable {
  /// The type's object identifier in the server's catalogue.
  static var oid: UInt32 { get }
  /// The same for an array of this type; 0 where arrays of it are not sent.
  static var arrayOID: UInt32 { get }
  /// Writes the binary form; answers false for NULL, having written nothing.
  func write(to buffer: inout ParameterBuffer) -> Bool
}

extension Bindable {
  @inlinable package static var arrayOID: UInt32 { 0 }
}

extension Bool: Bindable {
  @inlinable package static var oid: UInt32 { 16 }
  @inlinable package static var arrayOID: UInt32 { 1000 }
  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(self ? 1 : 0 as UInt8)
    return true
  }
}

extension Int: Bindable {
  @inlinable package static var oid: UInt32 { 20 }
  @inlinable package static var arrayOID: UInt32 { 1016 }
  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(UInt64(bitPattern: Int64(self)))
    return true
  }
}

extension Int64: Bindable {
  @inlinable package static var oid: UInt32 { 20 }
  @inlinable package static var arrayOID: UInt32 { 1016 }
  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(UInt64(bitPattern: self))
    return true
  }
}

extension Int32: Bindable {
  @inlinable package static var oid: UInt32 { 23 }
  @inlinable package static var arrayOID: UInt32 { 1007 }
  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(UInt32(bitPattern: self))
    return true
  }
}

extension Double: Bindable {
  @inlinable package static var oid: UInt32 { 701 }
  @inlinable package static var arrayOID: UInt32 { 1022 }
  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(bitPattern)
    return true
  }
}

extension String: Bindable {
  @inlinable package static var oid: UInt32 { 25 }
  @inlinable package static var arrayOID: UInt32 { 1009 }
  @inlinable
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
@usableFromInline
package struct JSONText: Bindable, Sendable {
  @usableFromInline package var bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }
  package init(_ text: String) { bytes = Array(text.utf8) }

  @inlinable package static var oid: UInt32 { 3802 }
  @inlinable package static var arrayOID: UInt32 { 3807 }
  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    buffer.append(1 as UInt8)
    bytes.withUnsafeBytes { buffer.append($0) }
    return true
  }
}

/// UTF-8, bound as `text`.
@usableFromInline
package struct Text: Bindable, Sendable {
  @usableFromInline package var bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  @inlinable package static var oid: UInt32 { String.oid }
  @inlinable package static var arrayOID: UInt32 { String.arrayOID }
  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    bytes.withUnsafeBytes { buffer.append($0) }
    return true
  }
}

/// Raw bytes, bound as `bytea`.
@usableFromInline
package struct Bytes: Bindable, Sendable {
  @usableFromInline package var bytes: [UInt8]

  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  @inlinable package static var oid: UInt32 { 17 }
  @inlinable package static var arrayOID: UInt32 { 1001 }
  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    bytes.withUnsafeBytes { buffer.append($0) }
    return true
  }
}

extension Optional: Bindable where Wrapped: Bindable {
  @inlinable package static var oid: UInt32 { Wrapped.oid }
  @inlinable package static var arrayOID: UInt32 { Wrapped.arrayOID }
  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    switch self {
    case .some(let value): value.write(to: &buffer)
    case .none: false
    }
  }
}

extension Array: Bindable where Element: Bindable {
  @inlinable package static var oid: UInt32 { Element.arrayOID }

  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool { Column(self) { $0 }.write(to: &buffer) }
}
