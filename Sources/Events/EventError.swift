/// Why a body is not an event, in one plain sentence: `line 2: quantity 1.5 is not a whole number`.
package struct EventError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The sentence; of the body it quotes one scalar at most, and only its first bytes.
  package let description: String
  /// The sentence without what it quotes of the body, `line 2: quantity is not a whole number`: the same for every
  /// body with the same mistake.
  package let mistake: String

  package init(_ description: String, mistake: String? = nil) {
    self.description = description
    self.mistake = mistake ?? description
  }

  /// The same of a part, `line 2`.
  package init(in part: String, _ error: EventError) {
    self.init("\(part): \(error.description)", mistake: "\(part): \(error.mistake)")
  }
}
