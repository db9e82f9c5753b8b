/// The inside of a JSON string, still as written, in the bytes of the reader it came from: compare it, or copy it out.
///
/// It must not outlive those bytes.
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

  /// Whether it says that, without allocating.
  @inlinable
  package static func == (slice: JSONSlice, text: StaticString) -> Bool {
    if slice.isEscaped { return slice.string == "\(text)" }
    guard slice.count == text.utf8CodeUnitCount else { return false }
    return slice.equals(text.utf8Start)
  }

  /// So that `switch key { case "id": … }` reads well.
  @inlinable
  package static func ~= (text: StaticString, slice: JSONSlice) -> Bool { slice == text }

  @inlinable
  func equals(_ other: UnsafePointer<UInt8>) -> Bool {
    var index = 0
    while index < count {
      if start[index] != other[index] { return false }
      index &+= 1
    }
    return true
  }
}
