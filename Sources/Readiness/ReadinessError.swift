import Glibc

/// What the system refused, with its `errno`.
package struct ReadinessError: Error, CustomStringConvertible {
  package let operation: String
  package let code: Int32

  package var description: String { "cannot \(operation): \(String(cString: strerror(code)))" }
}
