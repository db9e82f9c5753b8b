import Foundation

/// Files of `NAME=value` lines, as shells and containers read them: `export ` before the name, quotes around the
/// value, empty lines and lines that begin with `#` are understood.
enum EnvironmentFile {
  static func parse(_ text: String) -> [String: String] {
    var values: [String: String] = [:]
    for line in text.split(whereSeparator: \.isNewline) {
      var line = Substring(line.trimmingCharacters(in: .whitespaces))
      if line.hasPrefix("export ") { line = line.dropFirst(7) }
      guard !line.hasPrefix("#"), let equals = line.firstIndex(of: "=") else { continue }
      let name = line[..<equals].trimmingCharacters(in: .whitespaces)
      values[name] = unquoted(line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces))
    }
    return values
  }

  /// What stands between the quotes; without quotes everything before a ` #`.
  private static func unquoted(_ value: String) -> String {
    if let quote = value.first, quote == "\"" || quote == "'" {
      let inner = value.dropFirst()
      if let end = inner.firstIndex(of: quote) { return String(inner[..<end]) }
    }
    guard let comment = value.range(of: " #") else { return value }
    return value[..<comment.lowerBound].trimmingCharacters(in: .whitespaces)
  }

  /// The values of the file at `path`; nil when there is none.
  static func read(_ path: String) -> [String: String]? {
    FileManager.default.contents(atPath: path).map { parse(String(decoding: $0, as: UTF8.self)) }
  }
}
