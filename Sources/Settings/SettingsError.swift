/// Why the configuration can't be used; the description is one line that names each value and what is allowed.
package struct SettingsError: Error, Sendable, Equatable, CustomStringConvertible {
  package var problems: [String]

  package init(problems: [String]) { self.problems = problems }

  package var description: String { problems.joined(separator: "; ") }
}
