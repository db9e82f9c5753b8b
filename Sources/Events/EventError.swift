/// Why a body is not an event, in one plain sentence: `line 2: quantity 1.5 is not a whole number`.
package struct EventError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The sentence; of the body it quotes one scalar at most, and only its first bytes.
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
