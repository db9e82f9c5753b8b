/// The small rules of Prometheus' text format 0.0.4.
enum Exposition {
  static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// A legal metric or label name.
  static func name(_ text: String) -> String {
    var name = ""
    for scalar in text.unicodeScalars {
      let isDigit = ("0"..."9").contains(scalar)
      let isLetter = ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
      if isDigit && name.isEmpty { name += "_" }
      name.unicodeScalars.append(isDigit || isLetter ? scalar : "_")
    }
    return name
  }

  /// `a="1",b="2"`, by name.
  static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.sorted { $0.0 < $1.0 }
      .map { "\(name($0.0))=\"\(escaped($0.1))\"" }
      .joined(separator: ",")
  }

  static func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

  /// Whole numbers without a fraction.
  static func number(_ value: Double) -> String {
    guard value.isFinite else { return value.isNaN ? "NaN" : value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map { String($0) } ?? "\(value)"
  }

  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for character in text {
      switch character {
      case "\\": escaped += "\\\\"
      case "\"": escaped += "\\\""
      case "\n": escaped += "\\n"
      default: escaped.append(character)
      }
    }
    return escaped
  }
}
