import Events
import Foundation
import JSON

/// What was recorded of a release when it was the newest.
struct EarlierRelease {
  /// The release before this one, with which this one runs side by side during a rolling restart.
  static let previous = EarlierRelease(number: "0.1.0", schema: 3)

  let number: String
  /// The newest migration that it knew.
  let schema: Int

  private func text(_ name: String) throws -> String {
    let folder = Bundle.module.bundleURL.appendingPathComponent(number)
    return try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
  }

  /// The events that it published.
  func events() throws -> [JSON] { try JSON.parse(text("events.json")).array }

  /// The statements of its processes, each as a PREPARE.
  func statements() throws -> [String] { Self.split(try text("statements.sql")) }

  /// The statements that fill a database of its schema.
  func rows() throws -> [String] { Self.split(try text("rows.sql")) }

  /// A statement ends with a semicolon at the end of a line.
  private static func split(_ sql: String) -> [String] {
    let lines = sql.split(separator: "\n").filter { !$0.hasPrefix("--") }
    return lines.joined(separator: "\n").components(separatedBy: ";\n")
      .map { $0.hasSuffix(";") ? String($0.dropLast()) : $0 }
      .filter { !$0.allSatisfy(\.isWhitespace) }
  }
}
