import Foundation

/// How single values are read; nil means that a value can't be used.
extension Settings {
  static func brokers(_ text: String) -> [Secret]? {
    let addresses = SettingsReader.split(text)
    let allFit = addresses.allSatisfy { $0.hasPrefix("amqp://") || $0.hasPrefix("amqps://") }
    return allFit && !addresses.isEmpty ? addresses.map { Secret($0) } : nil
  }

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

  /// `5s,30s,5m,2h`: whole numbers with a unit, from one second to a day, ascending.
  static func delays(_ text: String) -> [Duration]? {
    var seconds: [Int] = []
    for part in SettingsReader.split(text) {
      guard let unit = part.last, let factor = ["s": 1, "m": 60, "h": 3_600][unit],
        let count = Int(part.dropLast()), (1...86_400).contains(count), count * factor <= 86_400
      else { return nil }
      seconds.append(count * factor)
    }
    guard (1...8).contains(seconds.count), zip(seconds, seconds.dropFirst()).allSatisfy({ $0 < $1 }) else {
      return nil
    }
    return seconds.map { .seconds($0) }
  }
}
