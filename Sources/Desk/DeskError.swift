/// Why the desk can't do what it was asked: one plain sentence.
package struct DeskError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
