/// The inside of a JSON string, still as written, in the bytes of the reader it came from: compare it, or copy it out.
///
/// It must not outlive those bytes.
@usableFromInline
package struct JSONSlice {
  @usableFromInline let start: UnsafePointer<UInt8>
  /// Bytes between the quotes.
  @usableFromInline package let count: Int
  @usableFromInline let isEscaped: Bool

  @inlinable
  init(start: UnsafePointer<UInt8>, count: Int, isEscaped: Bool) {
    self.start = start
    self.count = count
    self.isEscaped = isEscaped
  }

  /// The bytes between the quotes when none of them is an escape, else nil.
  @inlinable
  package var plainBytes: UnsafeRawBufferPointer? {
    isEscaped ? nil : UnsafeRawBufferPointer(start: start, count: count)
  }

  /// The text with escapes resolved; NUL, lone surrogates and invalid UTF-8 are U+FFFD.
  package var string: String {
    JSONText.decode(UnsafeBufferPointer(start: start, count: count), isEscaped: isEscaped)
  }

  /// Whether it says that, without allocating; for a literal it comes down to a few word comparisons.
  @inlinable @inline(__always)
  package static func == (slice: JSONSlice, text: StaticString) -> Bool {
    if slice.isEscaped { return slice.isEscapedFor(text) }
    return slice.count == text.utf8CodeUnitCount && slice.startsWith(text.utf8Start, text.utf8CodeUnitCount)
  }

  /// The size is known when compiling, so that all of this folds.
  @inlinable @inline(__always)
  func startsWith(_ other: UnsafePointer<UInt8>, _ size: Int) -> Bool {
    let (left, right) = (UnsafeRawPointer(start), UnsafeRawPointer(other))
    var index = 0
    while index &+ 8 <= size {
      if left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        != right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      {
        return false
      }
      index &+= 8
    }
    if size & 4 != 0 {
      if left.loadUnaligned(fromByteOffset: index, as: UInt32.self)
        != right.loadUnaligned(fromByteOffset: index, as: UInt32.self)
      {
        return false
      }
      index &+= 4
    }
    while index < size {
      if start[index] != other[index] { return false }
      index &+= 1
    }
    return true
  }

  /// So that `switch key { case "id": … }` reads well.
  @inlinable @inline(__always)
  package static func ~= (text: StaticString, slice: JSONSlice) -> Bool { slice == text }

  @usableFromInline @inline(never)
  func isEscapedFor(_ text: StaticString) -> Bool { string == "\(text)" }
}
