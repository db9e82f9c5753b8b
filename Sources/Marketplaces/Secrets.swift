package import JSON

/// The credentials of a connection: a JSON object, by whatever names the platform uses. It prints without values.
package struct Secrets: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  package var values: [String: JSON]

  package init(_ values: [String: JSON] = [:]) {
    self.values = values
  }

  /// Nil when the bytes are not a JSON object.
  package init?(bytes: [UInt8]) {
    guard case .object(let values)? = try? JSON.parse(bytes) else { return nil }
    self.values = values
  }

  package var bytes: [UInt8] { JSON.object(values).bytes }

  /// The first of these names that has a text that is not empty. `clientId` finds `client_id` too.
  package func text(_ names: String...) -> String? {
    for name in names {
      for spelling in [name, Self.snakeCase(name)] {
        if let text = values[spelling]?.text, !text.isEmpty { return text }
      }
    }
    return nil
  }

  static func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { text, letter in
      text += letter.isUppercase ? "_" + letter.lowercased() : String(letter)
    }
  }

  /// Sets a value under the spelling that is in use already.
  package mutating func set(_ name: String, to value: JSON) {
    let snake = Self.snakeCase(name)
    values[values[snake] != nil && values[name] == nil ? snake : name] = value
  }

  package var description: String {
    "secrets(" + values.keys.sorted().joined(separator: ", ") + ")"
  }
  package var customMirror: Mirror { Mirror(self, children: ["names": values.keys.sorted()]) }
}
