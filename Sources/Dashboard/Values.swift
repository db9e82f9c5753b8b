package import JSON
import Mustache
import Time

/// How values of the API are shown.
package enum Shown {
  /// A text whose section is left out when it is empty.
  struct Text: MustacheCustomRenderable {
    var renderText: String
    var isNull: Bool { renderText.isEmpty }

    init(_ text: String?) { renderText = text ?? "" }
  }

  /// For a section of a template that is left out when there is nothing.
  static func maybe(_ value: Any?) -> Any { value ?? false }

  /// Unknown is a dash, never 0.
  package static func number(_ value: JSON) -> String {
    guard let text = value.text, let number = Double(text) else { return "–" }
    return Self.number(number)
  }

  /// Thousands apart, at most one decimal.
  package static func number(_ value: Double) -> String {
    let tenths = (value * 10).rounded() / 10
    let isWhole = tenths == tenths.rounded() || abs(tenths) >= 100
    let whole = isWhole ? Int64(tenths.rounded()) : Int64(tenths.rounded(.towardZero))
    var digits = String(whole.magnitude)
    var index = digits.count - 3
    while index > 0 {
      digits.insert("\u{202f}", at: digits.index(digits.startIndex, offsetBy: index))
      index -= 3
    }
    let sign = tenths < 0 ? "−" : ""
    return sign + digits + (isWhole ? "" : "." + String(Int64((abs(tenths) * 10).rounded()) % 10))
  }

  /// `14 min`, `3 h`: the largest unit that fits.
  static func span(seconds: Double) -> String {
    switch seconds {
    case ..<90: "\(Int(seconds.rounded())) s"
    case ..<5_400: "\(Int((seconds / 60).rounded())) min"
    case ..<172_800: "\(Int((seconds / 3_600).rounded())) h"
    default: "\(Int((seconds / 86_400).rounded())) days"
    }
  }

  /// `120 ms`, `2.5 s`, then as `span`: for what is short as a rule.
  static func brief(seconds: Double) -> String {
    switch seconds {
    case ..<1: "\(Int((seconds * 1_000).rounded())) ms"
    case ..<10: "\(number(seconds)) s"
    default: span(seconds: seconds)
    }
  }

  /// The values of a `<time>`: for machines, and in UTC for who has no script; false without a time.
  static func time(_ value: JSON) -> Any {
    guard let moment = value.timestamp else { return false }
    let text = Timestamp(secondsSince1970: moment.secondsSince1970).description
    let parts = text.split(separator: "T")
    guard parts.count == 2 else { return false }
    return ["machine": text, "human": "\(parts[0]) \(parts[1].prefix(8)) UTC"]
  }

  /// With line breaks and indents, for people.
  static func pretty(_ value: JSON, indent: String = "") -> String {
    let inner = indent + "  "
    switch value {
    case .object(let members) where !members.isEmpty:
      let lines = members.sorted { $0.key < $1.key }.map { key, value in
        "\(inner)\(JSON.string(key).description): \(pretty(value, indent: inner))"
      }
      return "{\n" + lines.joined(separator: ",\n") + "\n\(indent)}"
    case .array(let elements) where !elements.isEmpty:
      return "[\n" + elements.map { inner + pretty($0, indent: inner) }.joined(separator: ",\n")
        + "\n\(indent)]"
    default: return value.description
    }
  }
}
