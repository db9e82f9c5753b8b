import Configuration
import Foundation

/// Reads single values out of the layers, and notes what is in force and what can't be used.
struct SettingsReader {
  private let layers: [(origin: String, reader: ConfigReader)]
  private(set) var effective: [Settings.Effective] = []
  private(set) var problems: [String] = []

  /// The layers, the strongest first.
  init(layers: [(origin: String, values: [String: String])]) {
    self.layers = layers.map { layer in
      (layer.origin, ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: layer.values)))
    }
  }

  /// An empty value counts as none: container files often pass variables that nobody has set.
  private func find(_ name: String, isSecret: Bool) -> (value: String, origin: String)? {
    for layer in layers {
      if let value = layer.reader.string(forKey: ConfigKey([name]), isSecret: isSecret), !value.isEmpty {
        return (value, layer.origin)
      }
    }
    return nil
  }

  private mutating func note(_ name: String, _ value: String, _ origin: String) {
    effective.append(.init(name: name, value: value, origin: origin))
  }

  /// The value of `name` as `parse` reads it, else `fallback`; `allowed` says in words what `parse` takes.
  mutating func value<T>(
    _ name: String, default fallback: T, shown: String, allowed: String, parse: (String) -> T?
  ) -> T {
    guard let found = find(name, isSecret: false) else {
      note(name, shown, "default")
      return fallback
    }
    let quoted = Self.withoutSignIn(found.value)
    note(name, quoted, found.origin)
    guard let value = parse(found.value) else {
      problems.append("\(name) is '\(quoted)' (\(found.origin)): allowed is \(allowed)")
      return fallback
    }
    return value
  }

  /// A user and a password can stand in every address, also in those that should have none.
  private static func withoutSignIn(_ text: String) -> String {
    let isSuspicious = text.contains("://") && text.contains { $0 == "@" || $0.isWhitespace }
    return isSuspicious ? "***" : text
  }

  /// Like `value`, for what may not be shown; `shown` is what may be of it.
  mutating func secret<T>(
    _ name: String, allowed: String, parse: (String) -> T?, shown: (T) -> String = { _ in "***" }
  ) -> T? {
    guard let found = find(name, isSecret: true) else {
      note(name, "", "default")
      return nil
    }
    let value = parse(found.value)
    note(name, value.map(shown) ?? "***", found.origin)
    if value == nil {
      problems.append("\(name) has a value that can't be used (\(found.origin)): allowed is \(allowed)")
    }
    return value
  }

  mutating func secret(_ name: String) -> Secret? {
    secret(name, allowed: "any text") { Secret($0) }
  }

  mutating func text(_ name: String, default fallback: String) -> String {
    value(name, default: fallback, shown: fallback, allowed: "any text") { $0 }
  }

  mutating func text(_ name: String) -> String? {
    value(name, default: nil, shown: "", allowed: "any text") { .some($0) }
  }

  /// The path of a file of certificates.
  mutating func certificates(_ name: String) -> String? {
    value(
      name, default: nil, shown: "", allowed: "the path of a file of PEM certificates that can be read"
    ) { path in
      let data = FileManager.default.contents(atPath: path) ?? Data()
      return data.range(of: Data("-----BEGIN ".utf8)) == nil ? nil : .some(path)
    }
  }

  mutating func bool(_ name: String, default fallback: Bool) -> Bool {
    value(name, default: fallback, shown: "\(fallback)", allowed: "true or false") { text in
      switch text.lowercased() {
      case "true", "yes", "on", "1": true
      case "false", "no", "off", "0": false
      default: nil
      }
    }
  }

  mutating func int(_ name: String, default fallback: Int, in range: ClosedRange<Int>) -> Int {
    let allowed = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return value(name, default: fallback, shown: "\(fallback)", allowed: allowed) { text in
      Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }

  mutating func list(_ name: String, default fallback: [String]) -> [String] {
    value(
      name, default: fallback, shown: fallback.joined(separator: ","), allowed: "texts separated by commas"
    ) { Self.split($0) }
  }

  /// Some words of a closed set, in upper case, whatever the case they are written in.
  mutating func words(_ name: String, default fallback: [String], of known: [String]) -> [String] {
    let allowed = "one or several of \(known.joined(separator: ",")), separated by commas"
    return value(name, default: fallback, shown: fallback.joined(separator: ","), allowed: allowed) { text in
      let words = Self.split(text).map { $0.uppercased() }
      return !words.isEmpty && words.allSatisfy(known.contains) ? words : nil
    }
  }

  static func split(_ text: String) -> [String] {
    text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
  }
}
