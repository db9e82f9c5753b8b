import CPostgres

/// A growing run of bytes in network order, into which the parameters of one statement are written.
///
/// It is reused from statement to statement, so that a batch allocates nothing once the buffer is warm.
@usableFromInline
package struct ParameterBuffer: ~Copyable {
  @usableFromInline var base: UnsafeMutableRawPointer
  @usableFromInline var capacity: Int
  @usableFromInline package internal(set) var count = 0

  init(capacity: Int = 4096) {
    self.capacity = capacity
    base = .allocate(byteCount: capacity, alignment: 8)
  }

  deinit { base.deallocate() }

  mutating func removeAll() { count = 0 }

  /// Valid until the next change of the buffer.
  func pointer(at offset: Int) -> UnsafePointer<CChar> {
    UnsafePointer((base + offset).assumingMemoryBound(to: CChar.self))
  }

  @inlinable
  mutating func grow(by more: Int) {
    if count + more > capacity { enlarge(by: more) }
  }

  @usableFromInline
  mutating func enlarge(by more: Int) {
    let larger = max(capacity * 2, count + more)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
    moved.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = moved
    capacity = larger
  }

  @inlinable
  package mutating func append(_ byte: UInt8) {
    grow(by: 1)
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  @inlinable
  package mutating func append(_ value: UInt32) {
    grow(by: 4)
    base.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt32.self)
    count += 4
  }

  @inlinable
  package mutating func append(_ value: UInt64) {
    grow(by: 8)
    base.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt64.self)
    count += 8
  }

  @inlinable
  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    grow(by: bytes.count)
    (base + count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  /// Leaves room for a length that is known only later; answers its offset.
  @inlinable
  mutating func reserveInt32() -> Int {
    append(0 as UInt32)
    return count - 4
  }

  @inlinable
  mutating func set(_ value: Int32, at offset: Int) {
    base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Int32.self)
  }
}
