import Foundation
package import Logging

/// The servers that tests run against. Each test works in a namespace or schema of its own.
package enum TestServers {
  /// The broker's URL, from `AMQP_URL`.
  package static var amqpURL: String {
    get throws(MissingServer) { try url("AMQP_URL") }
  }

  /// The database's connection string, from `DATABASE_URL`.
  package static var databaseURL: String {
    get throws(MissingServer) { try url("DATABASE_URL") }
  }

  /// A name that no other test has, for a namespace or schema.
  package static func uniqueName(_ prefix: String = "test") -> String {
    "\(prefix)_\(UUID().uuidString.lowercased().prefix(8))"
  }

  /// A logger that says nothing.
  package static let silence = Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() })

  private static func url(_ variable: String) throws(MissingServer) -> String {
    guard let value = ProcessInfo.processInfo.environment[variable], !value.isEmpty else {
      throw MissingServer(variable: variable)
    }
    return value
  }
}

/// A server that a test needs and nobody has named.
package struct MissingServer: Error, CustomStringConvertible {
  package let variable: String

  package var description: String {
    "\(variable) is not set: run ops/test, or eval \"$(ops/services env)\" before swift test"
  }
}
