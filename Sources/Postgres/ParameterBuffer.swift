import CPostgres

/// A growing run of bytes in network order, into which the parameters of one statement are written.
///
/// It is reused from statement to statement, so that a batch allocates nothing once the buffer is warm.
package struct ParameterBuffer: ~Copyable {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  package private(set) var count = 0

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

  private mutating func grow(by more: Int) {
    guard count + more > capacity else { return }
    let larger = max(capacity * 2, count + more)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 8)
    moved.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = moved
    capacity = larger
  }

  package mutating func append(_ byte: UInt8) {
    grow(by: 1)
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  package mutating func append(_ value: UInt32) {
    grow(by: 4)
    base.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt32.self)
    count += 4
  }

  package mutating func append(_ value: UInt64) {
    grow(by: 8)
    base.storeBytes(of: value.bigEndian, toByteOffset: count, as: UInt64.self)
    count += 8
  }

  package mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, !bytes.isEmpty else { return }
    grow(by: bytes.count)
    (base + count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  /// Leaves room for a length that is known only later; answers its offset.
  mutating func reserveInt32() -> Int {
    append(0 as UInt32)
    return count - 4
  }

  mutating func set(_ value: Int32, at offset: Int) {
    base.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Int32.self)
  }
}
