/// Why the schema could not be brought up to date: one plain sentence.
package struct MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
