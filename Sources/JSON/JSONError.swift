/// Why bytes are not JSON, or not the JSON that was asked for, and at which byte.
@usableFromInline
package struct JSONError: Error, Equatable, Sendable, CustomStringConvertible {
  @usableFromInline
  package enum Reason: Equatable, Sendable {
    /// The input is not JSON; `what` was wanted, as in "a value".
    case expected(String)
    /// It ends in the middle.
    case ended
    /// Something follows the value.
    case trailing
    /// Arrays and objects are nested deeper than allowed.
    case tooDeep(Int)
    /// It is JSON, but of another type; `what` was wanted, as in "a whole number".
    case mismatch(String)
  }

  package var reason: Reason
  /// Byte offset into the input.
  package var offset: Int

  @usableFromInline
  package init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  /// Whether the bytes are not JSON at all, or are nested too deeply to be read.
  package var isSyntax: Bool {
    if case .mismatch = reason { false } else { true }
  }

  @usableFromInline
  package var description: String {
    switch reason {
    case .expected(let what): "not JSON at byte \(offset): expected \(what)"
    case .ended: "not JSON: it ends at byte \(offset) in the middle of a value"
    case .trailing: "not JSON at byte \(offset): something follows the value"
    case .tooDeep(let depth): "JSON nested deeper than \(depth) at byte \(offset)"
    case .mismatch(let what): "byte \(offset): expected \(what)"
    }
  }
}
