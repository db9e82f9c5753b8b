import Foundation

/// Files of `NAME=value` lines, as shells and containers read them: `export ` before the name, quotes around the
/// value, empty lines and lines that begin with `#` are understood. Without quotes a value goes to the end of its line
/// or to a ` #`, as containers have it; but where only further `NAME=value` words follow, each counts, as in a shell.
enum EnvironmentFile {
  /// `name` is the file's, for the error. What stands in a line is never repeated, since it may be a password.
  static func parse(_ text: String, name file: String) throws(SettingsError) -> [String: String] {
    var values: [String: String] = [:]
    var problems: [String] = []
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      var line = line.trimmingCharacters(in: .whitespaces)
      if line.hasPrefix("export ") { line = line.dropFirst(7).trimmingCharacters(in: .whitespaces) }
      guard !line.isEmpty, !line.hasPrefix("#") else { continue }
      guard let assignments = assignments(in: line) else {
        problems.append("\(file):\(number + 1) is not NAME=value")
        continue
      }
      values.merge(assignments) { $1 }
    }
    guard problems.isEmpty else { throw SettingsError(problems: problems) }
    return values
  }

  /// Nil when the line assigns nothing.
  private static func assignments(in line: String) -> [String: String]? {
    let words = words(of: line)
    if words.count > 1, words.allSatisfy({ $0.wholeMatch(of: /[A-Z_][A-Z0-9_]*=.*/) != nil }) {
      return words.reduce(into: [:]) { values, word in values.merge(assignment(word) ?? [:]) { $1 } }
    }
    return assignment(line)
  }

  private static func assignment(_ text: String) -> [String: String]? {
    guard let equals = text.firstIndex(of: "=") else { return nil }
    let name = text[..<equals].trimmingCharacters(in: .whitespaces)
    guard !name.isEmpty, !name.contains(where: \.isWhitespace) else { return nil }
    return [name: unquoted(text[text.index(after: equals)...].trimmingCharacters(in: .whitespaces))]
  }

  /// The words before a comment; what stands in quotes is of one word.
  private static func words(of line: String) -> [String] {
    var words: [String] = []
    var word = ""
    var quote: Character?
    for character in line {
      if let open = quote {
        if character == open { quote = nil }
      } else if character.isWhitespace {
        if !word.isEmpty { words.append(word) }
        word = ""
        continue
      } else if character == "#", word.isEmpty {
        return words
      } else if character == "\"" || character == "'" {
        quote = character
      }
      word.append(character)
    }
    return word.isEmpty ? words : words + [word]
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

  /// The values of the file at `path`, which its errors name as `name`; nil when there is none.
  static func read(_ path: String, name: String) throws(SettingsError) -> [String: String]? {
    guard let data = FileManager.default.contents(atPath: path) else { return nil }
    return try parse(String(decoding: data, as: UTF8.self), name: name)
  }
}
