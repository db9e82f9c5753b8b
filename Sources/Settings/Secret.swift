/// A text that must never reach a log, an error or a screen; every way of printing it gives `***`.
package struct Secret: Sendable, Equatable {
  /// The text itself, for the one who hands it to its server.
  package let revealed: String

  package init(_ text: String) { revealed = text }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String { "***" }
  package var debugDescription: String { "***" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
