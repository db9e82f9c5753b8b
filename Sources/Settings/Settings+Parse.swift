import Foundation

/// How single values are read; nil means that a value can't be used.
extension Settings {
  static func webAddress(_ text: String) -> Secret? {
    guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty else { return nil }
    return parts.scheme == "http" || parts.scheme == "https" ? Secret(text) : nil
  }

  /// What may stand in queue names, file names and the labels of metrics alike.
  static func namespace(_ text: String) -> String? {
    func isPlain(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    guard let first = text.utf8.first, isPlain(first), text.utf8.count <= 64 else { return nil }
    return text.utf8.allSatisfy { isPlain($0) || "-_.".utf8.contains($0) } ? text : nil
  }

  static func key(_ text: String) -> Secret? {
    Data(base64Encoded: text)?.count == 32 ? Secret(text) : nil
  }

  static func keys(_ text: String) -> Bool {
    SettingsReader.split(text).allSatisfy { key($0) != nil }
  }
}
